#include "admin/repository.h"

#include "database/query.h"

namespace inpaint::admin::repository {
namespace {

using database::Conditions;
using database::Nullable;
using database::select;

Conditions conditions_of(const TransactionFilter& filter) {
  Conditions conditions;
  if (filter.users) {
    std::string placeholders;
    std::vector<Conditions::Value> values;
    for (const std::string& user : *filter.users) {
      placeholders += (values.empty() ? ":user" : ", :user") + std::to_string(values.size());
      values.emplace_back(user);
    }
    conditions.add("user_id IN (" + placeholders + ")", values);
  }
  if (filter.type) conditions.add("operation_type = :type", {*filter.type});
  if (filter.status) conditions.add("status = :status", {*filter.status});
  if (filter.from)
    conditions.add("created_at >= time_of(:from)", {static_cast<long long>(filter.from->unix_ms)});
  if (filter.before)
    conditions.add("created_at < time_of(:before)", {static_cast<long long>(filter.before->unix_ms)});
  return conditions;
}

struct TotalRow {
  std::string type, status;
  long long count = 0, amount = 0;
  void bind(soci::statement& statement) {
    for (std::string* text : {&type, &status}) statement.exchange(soci::into(*text));
    for (long long* number : {&count, &amount}) statement.exchange(soci::into(*number));
  }
  Total value() const { return {type, status, count, Credits{amount}}; }
};

struct TransactionRow {
  credits::Entry entry;
  long long amount = 0, before = 0, after = 0, created_at = 0;
  Nullable<std::string> email;

  void bind(soci::statement& statement) {
    for (std::string* text : {&entry.id, &entry.user_id, &entry.type, &entry.operation_id}) {
      statement.exchange(soci::into(*text));
    }
    for (long long* number : {&amount, &before, &after}) statement.exchange(soci::into(*number));
    for (std::string* text : {&entry.status, &entry.description}) statement.exchange(soci::into(*text));
    statement.exchange(soci::into(created_at));
    statement.exchange(email.into());
  }
  Transaction value() const {
    Transaction transaction{entry, email.value()};
    transaction.entry.amount = Credits{amount};
    transaction.entry.balance_before = Credits{before};
    transaction.entry.balance_after = Credits{after};
    transaction.entry.created_at = Timestamp{created_at};
    return transaction;
  }
};

struct TextRow {
  std::string text;
  void bind(soci::statement& statement) { statement.exchange(soci::into(text)); }
  std::string value() const { return text; }
};

}  // namespace

std::vector<std::string> find_users(Session& sql, const std::string& email) {
  return select<TextRow>(sql,
                         "SELECT id FROM users WHERE email = :email "
                         "UNION ALL SELECT id FROM deleted_users WHERE email = :email2",
                         email, email);
}

std::vector<Total> totals(Session& sql, const TransactionFilter& filter) {
  const Conditions conditions = conditions_of(filter);
  const bool are_kept = !filter.users && !filter.from && !filter.before;
  const std::string columns =
      are_kept ? "SELECT operation_type, status, CAST(SUM(count) AS BIGINT), hundredths(SUM(amount)) "
                 "FROM transaction_totals "
               : "SELECT operation_type, status, COUNT(*), hundredths(SUM(amount)) FROM token_transactions ";
  return select<TotalRow>(
      sql, columns + conditions.where() + "GROUP BY operation_type, status ORDER BY operation_type, status",
      conditions);
}

// The places of the page are found in an index alone; only then its rows are read. Rows are numbered in the
// order of their times, but only the times are what an index on them knows.
std::vector<Transaction> transactions(Session& sql, const TransactionFilter& filter,
                                      const database::Window& window) {
  const Conditions conditions = conditions_of(filter);
  const std::string direction = window.direction();
  const std::string order = filter.from || filter.before
                                ? "created_at " + direction + ", sequence " + direction
                                : "sequence " + direction;
  return select<TransactionRow>(
      sql,
      "SELECT entries.id, entries.user_id, operation_type, operation_id, hundredths(amount), "
      "hundredths(balance_before), hundredths(balance_after), status, description, "
      "epoch_ms(entries.created_at), COALESCE(users.email, deleted_users.email) "
      "FROM token_transactions AS entries LEFT JOIN users ON users.id = entries.user_id "
      "LEFT JOIN deleted_users ON deleted_users.id = entries.user_id WHERE sequence IN "
      "(SELECT sequence FROM token_transactions " +
          conditions.where() + "ORDER BY " + order + " LIMIT :limit OFFSET :offset) ORDER BY sequence DESC",
      conditions, window.limit, window.offset);
}

}  // namespace inpaint::admin::repository
