#include "admin/routes.h"

#include <optional>

#include "accounts/routes.h"
#include "accounts/rules.h"
#include "base/error.h"
#include "credits/json.h"
#include "credits/prices.h"
#include "http/json.h"

namespace inpaint::admin {
namespace {

using http::Access;
using http::Body;
using http::Json;
using http::Method;
using http::Request;
using http::Response;

Response account(const Request& request, Service& service) {
  const Service::Account account = service.account(request.param("email"));
  Json transactions = Json::array();
  for (const credits::Entry& entry : account.entries) transactions.push_back(credits::to_json(entry));
  return http::json_response(
      200, {{"email", account.user.email},
            {"tokens", http::to_json(account.user.tokens)},
            {"data", {{"user", accounts::to_json(account.user)}, {"transactions", transactions}}}});
}

// A JSON number in its shortest decimal form is what was written, unless it has more digits than any amount.
std::optional<Credits> parse_amount(const Json& body) {
  const auto given = body.find("amount");
  if (given == body.end() || !given->is_number()) return std::nullopt;
  std::string text = given->dump();
  if (given->is_number_float() && text.ends_with(".0")) text.resize(text.size() - 2);
  const std::optional<Credits> amount = Credits::parse(text);
  if (!amount || *amount <= Credits{} || *amount > credits::kLargestRecharge) return std::nullopt;
  return amount;
}

Response recharge(const Request& request, Service& service) {
  const Json body = http::parse_object(request);
  http::Validator validator(body);
  const std::string email = validator.required_text("email", accounts::kMaximumEmail);
  const std::optional<Credits> amount = parse_amount(body);
  if (!amount) {
    validator.fail("amount", "must be a number above 0, at most " + credits::kLargestRecharge.to_string() +
                                 ", with at most two decimal places");
  }
  validator.throw_if_failed();
  const Credits tokens = service.recharge(*request.user, email, *amount);
  return http::json_response(
      200, {{"message", "User tokens updated"},
            {"data", {{"email", accounts::lower_case(email)}, {"tokens", http::to_json(tokens)}}}});
}

}  // namespace

void add_routes(http::Router& router, Service& service) {
  router.add({Method::kGet, "/api/admin/users/:email/tokens",
              [&service](const Request& r) { return account(r, service); }, Access::kAdministrator});
  router.add({Method::kPost, "/api/admin/user-tokens",
              [&service](const Request& r) { return recharge(r, service); }, Access::kAdministrator,
              Body::kJson});
}

}  // namespace inpaint::admin
