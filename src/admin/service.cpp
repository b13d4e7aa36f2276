#include "admin/service.h"

#include "accounts/rules.h"

namespace inpaint::admin {
namespace {

using database::Session;
using database::Window;

constexpr int kRecentEntries = 50;

}  // namespace

Service::Account Service::account(const std::string& email) {
  accounts::User user = accounts_.find_by_email(email);
  std::vector<credits::Entry> entries =
      database_.read([&](Session& sql) { return credits::recent_entries(sql, user.id, kRecentEntries); });
  user.tokens = credits::balance_of(entries).value_or(user.tokens);
  return {std::move(user), std::move(entries)};
}

Credits Service::recharge(const accounts::User& administrator, const std::string& email, Credits amount) {
  const accounts::User user = accounts_.find_by_email(email);
  const Credits balance = database_.transaction([&](Session& sql) {
    const Credits after = credits::recharge(sql, user.id, amount, "Recharge by " + administrator.email);
    accounts::audit::record(sql, administrator, "tokens.recharge", &user,
                            {{"amount", http::to_json(amount)}});
    return after;
  });
  log::info("credits", "recharged",
            {{"account", user.id.to_string()},
             {"user", administrator.id.to_string()},
             {"amount", amount.to_string()}});
  return balance;
}

Service::Statement Service::transactions(repository::TransactionFilter filter,
                                         const std::optional<std::string>& email, std::int64_t limit,
                                         std::int64_t offset) {
  return database_.read([&](Session& sql) {
    Statement statement;
    if (email) {
      filter.users = repository::find_users(sql, accounts::lower_case(*email));
      if (filter.users->empty()) return statement;
    }
    statement.totals = repository::totals(sql, filter);
    for (const repository::Total& total : statement.totals) statement.total += total.count;
    statement.transactions =
        repository::transactions(sql, filter, Window::of(statement.total, offset, limit));
    return statement;
  });
}

Service::Overview Service::all_datasets(const datasets::repository::OverviewFilter& filter,
                                        std::int64_t limit, std::int64_t offset) {
  return database_.read([&](Session& sql) {
    const std::int64_t total = datasets::repository::count_all(sql, filter);
    return Overview{datasets::repository::list_all(sql, filter, Window::of(total, offset, limit)), total};
  });
}

Service::AuditPage Service::audit(std::int64_t limit, std::int64_t offset) {
  return database_.read([&](Session& sql) {
    const std::int64_t total = accounts::audit::count(sql);
    return AuditPage{accounts::audit::list(sql, Window::of(total, offset, limit)), total};
  });
}

void Service::set_log_level(const accounts::User& administrator, log::Level level) {
  const std::string before(log::to_string(log::level()));
  const std::string after(log::to_string(level));
  database_.transaction([&](Session& sql) {
    accounts::audit::record(sql, administrator, "log.level", nullptr, {{"from", before}, {"to", after}});
  });
  log::set_level(level);
  log::info("service", "the log level was changed", {{"from", before}, {"to", after}});
}

}  // namespace inpaint::admin
