#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "database/session.h"

// What repositories write SQL with: every value is bound, every row becomes a value. Included by .cpp files
// only, because of SOCI's headers.
namespace inpaint::database {

// What all must hold of a row, when which conditions there are is known only at run time. Stands among the
// values of select() at the place of where() in the query. Must live until the query has run.
class Conditions {
 public:
  // `condition` has a placeholder for every value; a text, or a number of type long long.
  using Value = std::variant<std::string, long long>;
  void add(const std::string& condition, const std::vector<Value>& values = {}) {
    where_ += (where_.empty() ? "WHERE " : " AND ") + condition;
    values_.insert(values_.end(), values.begin(), values.end());
  }
  // "WHERE a AND b ", or "" without a condition.
  std::string where() const { return where_.empty() ? "" : where_ + " "; }
  void bind(soci::statement& statement) const {
    for (const Value& value : values_) {
      std::visit([&](const auto& bound) { statement.exchange(soci::use(bound)); }, value);
    }
  }

 private:
  std::string where_;
  std::vector<Value> values_;
};

template <typename Value>
void bind_value(soci::statement& statement, const Value& value) {
  statement.exchange(soci::use(value));
}
inline void bind_value(soci::statement& statement, const Conditions& conditions) {
  conditions.bind(statement);
}

// Binds the values in order, executes, and returns how many rows were changed.
template <typename... Values>
long long change(Session& sql, const std::string& query, const Values&... values) {
  soci::statement statement = sql.take(query);
  (bind_value(statement, values), ...);
  statement.define_and_bind();
  statement.execute(true);
  const long long changed = statement.get_affected_rows();
  sql.keep(query, statement);
  return changed;
}

// A row type has bind(statement), which names where each column goes, and value(), which makes the result.
template <typename Row, typename... Values>
auto select(Session& sql, const std::string& query, const Values&... values) {
  Row row;
  soci::statement statement = sql.take(query);
  row.bind(statement);
  (bind_value(statement, values), ...);
  statement.define_and_bind();
  statement.execute(false);
  std::vector<decltype(row.value())> found;
  while (statement.fetch()) found.push_back(row.value());
  sql.keep(query, statement);
  return found;
}

template <typename Value>
std::optional<Value> first_of(std::vector<Value> values) {
  if (values.empty()) return std::nullopt;
  return std::move(values.front());
}

// A column that may be NULL.
template <typename Value>
struct Nullable {
  Value content{};
  soci::indicator indicator = soci::i_null;
  std::string name;  // empty; SOCI keeps a reference to it, so its own default would be gone by then

  Nullable() = default;
  explicit Nullable(const std::optional<Value>& value)
      : content(value.value_or(Value{})), indicator(value ? soci::i_ok : soci::i_null) {}
  auto into() { return soci::into(content, indicator); }
  auto use() { return soci::use(content, indicator, name); }
  std::optional<Value> value() const {
    return indicator == soci::i_ok ? std::optional<Value>(content) : std::nullopt;
  }
};

// The row of SELECT COUNT(*), EXISTS(…) and the like.
struct NumberRow {
  long long number = 0;
  void bind(soci::statement& statement) { statement.exchange(soci::into(number)); }
  long long value() const { return number; }
};

}  // namespace inpaint::database
