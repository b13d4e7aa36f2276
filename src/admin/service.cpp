#include "admin/service.h"

#include "base/log.h"

namespace inpaint::admin {
namespace {

using database::Session;

constexpr int kRecentEntries = 50;

}  // namespace

Service::Account Service::account(const std::string& email) {
  accounts::User user = accounts_.find_by_email(email);
  std::vector<credits::Entry> entries =
      database_.read([&](Session& sql) { return credits::recent_entries(sql, user.id, kRecentEntries); });
  return {std::move(user), std::move(entries)};
}

Credits Service::recharge(const accounts::User& administrator, const std::string& email, Credits amount) {
  const accounts::User user = accounts_.find_by_email(email);
  const Credits balance = database_.transaction([&](Session& sql) {
    return credits::recharge(sql, user.id, amount, "Recharge by " + administrator.email);
  });
  log::info(
      "credits", "recharged",
      {{"user", user.id.to_string()}, {"by", administrator.id.to_string()}, {"amount", amount.to_string()}});
  return balance;
}

}  // namespace inpaint::admin
