#include "database/session.h"

#include <utility>

namespace inpaint::database {
namespace {

constexpr std::size_t kMaximumPrepared = 100;  // more than the program has; some queries are put together

}  // namespace

soci::statement Session::take(const std::string& query) {
  if (auto kept = prepared_.extract(query)) return kept.mapped();
  soci::statement statement(*this);
  statement.alloc();
  statement.prepare(query);
  return statement;
}

void Session::keep(const std::string& query, soci::statement statement) {
  statement.bind_clean_up();
  if (prepared_.size() >= kMaximumPrepared) prepared_.clear();
  prepared_.emplace(query, std::move(statement));
}

}  // namespace inpaint::database
