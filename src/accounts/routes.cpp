#include "accounts/routes.h"

#include <optional>
#include <vector>

#include "accounts/rules.h"
#include "base/error.h"
#include "credits/json.h"
#include "credits/ledger.h"

namespace inpaint::accounts {
namespace {

using http::Access;
using http::Body;
using http::Json;
using http::Method;
using http::Request;
using http::Response;
using http::RunOn;
using http::Validator;

constexpr std::size_t kAnyLength = 10'000;  // the rules say more exactly what is too long
constexpr int kRecentTransactions = 10;

using Problem = std::optional<std::string> (*)(std::string_view);

std::string required(Validator& validator, std::string_view field, std::size_t maximum, Problem problem) {
  std::string text = validator.required_text(field, maximum);
  if (text.empty()) return text;  // said already
  if (const auto sentence = problem(text)) validator.fail(field, *sentence);
  return text;
}

std::optional<std::string> optional(Validator& validator, std::string_view field, std::size_t maximum,
                                    Problem problem) {
  std::optional<std::string> text = validator.optional_text(field, maximum);
  if (!text || text->empty()) return text;
  if (const auto sentence = problem(*text)) validator.fail(field, *sentence);
  return text;
}

Response register_user(Service& service, const Request& request) {
  const Json body = http::parse_object(request);
  Validator validator(body);
  Registration registration;
  registration.name = required(validator, "name", kMaximumName, name_problem);
  registration.surname = required(validator, "surname", kMaximumName, name_problem);
  registration.email = required(validator, "email", kMaximumEmail, email_problem);
  registration.password = required(validator, "password", kAnyLength, password_problem);
  validator.throw_if_failed();
  const User user = service.register_user(registration);
  return http::json_response(201, {{"message", "User registered successfully"},
                                   {"data",
                                    {{"id", user.id.to_string()},
                                     {"name", user.name},
                                     {"surname", user.surname},
                                     {"email", user.email},
                                     {"tokens", http::to_json(user.tokens)},
                                     {"role", is_administrator(user) ? "admin" : "user"}}}});
}

Response log_in(Service& service, const Request& request) {
  const Json body = http::parse_object(request);
  Validator validator(body);
  const std::string email = validator.required_text("email", kMaximumEmail);
  const std::string password = validator.required_text("password", kAnyLength);
  validator.throw_if_failed();
  const Login login = service.log_in(email, password, request.remote_address);
  return http::json_response(200, {{"message", "Login successful"},
                                   {"data",
                                    {{"token", login.token},
                                     {"user",
                                      {{"id", login.user.id.to_string()},
                                       {"name", login.user.name},
                                       {"surname", login.user.surname},
                                       {"email", login.user.email},
                                       {"tokens", http::to_json(login.user.tokens)}}}}}});
}

Response tokens(database::Database& database, const Request& request) {
  const std::vector<credits::Entry> entries = database.read([&](database::Session& sql) {
    return credits::recent_entries(sql, request.user->id, kRecentTransactions);
  });
  Json transactions = Json::array();
  for (const credits::Entry& entry : entries) transactions.push_back(credits::to_json(entry));
  const Json balance = http::to_json(credits::balance_of(entries).value_or(request.user->tokens));
  return http::json_response(200, {{"tokens", balance},
                                   {"data",
                                    {{"balance", balance},
                                     {"recentTransactions", transactions},
                                     {"tokenPricing", credits::prices_json()}}}});
}

UserId target(const Request& request) {
  const std::optional<UserId> id = UserId::parse(request.param("userId"));
  if (!id) throw not_found("There is no such user.");
  return *id;
}

Response update(Service& service, const Request& request) {
  const UserId id = target(request);
  const Json body = http::parse_object(request);
  Validator validator(body);
  Changes changes;
  changes.name = optional(validator, "name", kMaximumName, name_problem);
  changes.surname = optional(validator, "surname", kMaximumName, name_problem);
  changes.email = optional(validator, "email", kMaximumEmail, email_problem);
  changes.password = optional(validator, "password", kAnyLength, password_problem);
  validator.throw_if_failed();
  const User user = service.update(*request.user, id, changes);
  return http::json_response(200, {{"message", "User updated successfully"}, {"data", to_json(user)}});
}

}  // namespace

Json to_json(const User& user) {
  return http::object({{"id", user.id.to_string()},
                       {"name", user.name},
                       {"surname", user.surname},
                       {"email", user.email},
                       {"tokens", http::to_json(user.tokens)},
                       {"role", is_administrator(user) ? "admin" : "user"},
                       {"createdAt", user.created_at.to_iso()}});
}

void add_routes(http::Router& router, Service& service, database::Database& database) {
  router.add({Method::kPost, "/api/users/user", [&](const Request& r) { return register_user(service, r); },
              Access::kPublic, Body::kJson, RunOn::kSlowPool});
  for (const char* path : {"/api/users/session", "/api/users/login"}) {
    router.add({Method::kPost, path, [&](const Request& r) { return log_in(service, r); }, Access::kPublic,
                Body::kJson, RunOn::kSlowPool});
  }
  router.add({Method::kGet, "/api/users/profile",
              [](const Request& r) {
                return http::json_response(200, http::object({{"data", to_json(*r.user)}}));
              },
              Access::kUser, Body::kNone, RunOn::kNetworkThread});
  router.add({Method::kGet, "/api/users/tokens", [&](const Request& r) { return tokens(database, r); },
              Access::kUser});
  router.add({Method::kPut, "/api/users/:userId", [&](const Request& r) { return update(service, r); },
              Access::kUser, Body::kJson, RunOn::kSlowPool});
  router.add({Method::kDelete, "/api/users/:userId",
              [&](const Request& r) {
                service.remove(*r.user, target(r));
                return http::json_response(200, {{"message", "User deleted successfully"}});
              },
              Access::kUser});
}

}  // namespace inpaint::accounts
