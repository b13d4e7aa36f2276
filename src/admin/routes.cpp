#include "admin/routes.h"

#include <algorithm>
#include <map>
#include <optional>

#include "accounts/routes.h"
#include "accounts/rules.h"
#include "base/error.h"
#include "credits/json.h"
#include "credits/prices.h"
#include "datasets/json.h"
#include "http/json.h"

namespace inpaint::admin {
namespace {

using http::Access;
using http::Body;
using http::Json;
using http::Method;
using http::Request;
using http::Response;

// --- balances -------------------------------------------------------------------------------------------

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

// --- the ledger -----------------------------------------------------------------------------------------

// One of the values, or nothing when the query does not say.
std::optional<std::string> choice(const Request& request, const std::string& name,
                                  std::initializer_list<std::string_view> values,
                                  std::vector<ErrorDetail>& failures) {
  std::optional<std::string> given = request.query_value(name);
  if (!given || std::find(values.begin(), values.end(), *given) != values.end()) return given;
  std::string known;
  for (const std::string_view value : values) known.append(known.empty() ? "" : ", ").append(value);
  failures.push_back({name, "must be one of: " + known});
  return std::nullopt;
}

std::optional<Timestamp> moment(const Request& request, const std::string& name,
                                std::vector<ErrorDetail>& failures) {
  const std::optional<std::string> given = request.query_value(name);
  if (!given) return std::nullopt;
  const std::optional<Timestamp> parsed = Timestamp::parse_iso(*given);
  if (!parsed) failures.push_back({name, "must be a date or a time like 2026-01-31 or 2026-01-31T12:00:00Z"});
  return parsed;
}

repository::TransactionFilter parse_filter(const Request& request) {
  using std::chrono::milliseconds;
  repository::TransactionFilter filter;
  std::vector<ErrorDetail> failures;
  filter.type =
      choice(request, "type", {"registration", "upload", "inference", "refund", "recharge"}, failures);
  filter.status = choice(request, "status", {"pending", "completed", "refunded"}, failures);
  filter.from = moment(request, "from", failures);
  if (const auto to = moment(request, "to", failures)) {
    // "to" is included: all of the day when it is a date, else that millisecond.
    const bool is_date = request.query_value("to")->find('T') == std::string::npos;
    filter.before = *to + (is_date ? milliseconds(std::chrono::hours(24)) : milliseconds(1));
  }
  if (!failures.empty()) {
    throw invalid("VALIDATION_ERROR", "The filter of transactions is not valid.", std::move(failures));
  }
  return filter;
}

struct Sum {
  std::int64_t count = 0;
  Credits amount;

  void add(const repository::Total& total) {
    count += total.count;
    amount = amount + total.amount;
  }
  Json json() const { return {{"count", count}, {"amount", http::to_json(amount)}}; }
};

Json to_json(const std::map<std::string, Sum>& sums) {
  Json object = Json::object();
  for (const auto& [name, sum] : sums) object[name] = sum.json();
  return object;
}

Json summary_json(const std::vector<repository::Total>& totals) {
  Sum all;
  std::map<std::string, Sum> types;
  std::map<std::string, Sum> statuses;
  Json each = Json::array();
  for (const repository::Total& total : totals) {
    if (total.count == 0) continue;  // there were such rows, but their status has changed
    all.add(total);
    types[total.type].add(total);
    statuses[total.status].add(total);
    each.push_back({{"type", total.type},
                    {"status", total.status},
                    {"count", total.count},
                    {"amount", http::to_json(total.amount)}});
  }
  Json summary = all.json();
  summary.update({{"byType", to_json(types)}, {"byStatus", to_json(statuses)}, {"byTypeAndStatus", each}});
  return summary;
}

Response transactions(const Request& request, Service& service) {
  const http::Page page = http::parse_page(request);
  const Service::Statement statement =
      service.transactions(parse_filter(request), request.query_value("email"), page.limit, page.offset());
  Json data = Json::array();
  for (const repository::Transaction& transaction : statement.transactions) {
    Json row = credits::to_json(transaction.entry);
    row["userId"] = transaction.entry.user_id;
    row["userEmail"] = transaction.email ? Json(*transaction.email) : Json(nullptr);
    data.push_back(std::move(row));
  }
  return http::json_response(200, {{"data", data},
                                   {"pagination", page.to_json(statement.total)},
                                   {"summary", summary_json(statement.totals)}});
}

// --- datasets, audit, log -------------------------------------------------------------------------------

Response all_datasets(const Request& request, Service& service) {
  const http::Page page = http::parse_page(request);
  const Service::Overview overview = service.all_datasets(
      {http::parse_flag(request, "includeDeleted"), http::parse_flag(request, "orphaned")}, page.limit,
      page.offset());
  Json data = Json::array();
  for (const datasets::repository::Owned& owned : overview.rows) {
    Json row = datasets::to_json(owned.dataset);
    row["owner"] = owned.owner ? Json{{"id", owned.owner->id}, {"email", owned.owner->email}} : Json(nullptr);
    data.push_back(std::move(row));
  }
  return http::json_response(200, {{"data", data}, {"pagination", page.to_json(overview.total)}});
}

Json to_json(const accounts::audit::Person& person) {
  return {{"id", person.id}, {"email", person.email}};
}

Response audit(const Request& request, Service& service) {
  const http::Page page = http::parse_page(request);
  const Service::AuditPage audit = service.audit(page.limit, page.offset());
  Json data = Json::array();
  for (const accounts::audit::Entry& entry : audit.entries) {
    data.push_back({{"sequence", entry.sequence},
                    {"actor", to_json(entry.actor)},
                    {"action", entry.action},
                    {"subject", entry.subject ? to_json(*entry.subject) : Json(nullptr)},
                    {"details", entry.details},
                    {"createdAt", entry.created_at.to_iso()}});
  }
  return http::json_response(200, {{"data", data}, {"pagination", page.to_json(audit.total)}});
}

Json log_level_json() {
  return {{"level", log::to_string(log::level())}};
}

Response set_log_level(const Request& request, Service& service) {
  constexpr std::size_t kAnyLength = 100;
  const Json body = http::parse_object(request);
  http::Validator validator(body);
  const std::optional<log::Level> level = log::parse_level(validator.required_text("level", kAnyLength));
  if (!level) validator.fail("level", "must be one of: debug, info, warn, error, off");
  validator.throw_if_failed();
  service.set_log_level(*request.user, *level);
  return http::json_response(200, {{"message", "Log level updated"}, {"data", log_level_json()}});
}

}  // namespace

void add_routes(http::Router& router, Service& service) {
  const auto add_get = [&](const std::string& path, http::Handler handler) {
    router.add({Method::kGet, "/api/admin" + path, std::move(handler), Access::kAdministrator});
  };
  add_get("/transactions", [&service](const Request& r) { return transactions(r, service); });
  add_get("/datasets", [&service](const Request& r) { return all_datasets(r, service); });
  add_get("/audit", [&service](const Request& r) { return audit(r, service); });
  add_get("/log-level", [](const Request&) {
    return http::json_response(200, {{"data", log_level_json()}});
  });
  router.add({Method::kPut, "/api/admin/log-level",
              [&service](const Request& r) { return set_log_level(r, service); }, Access::kAdministrator,
              Body::kJson});
  router.add({Method::kGet, "/api/admin/users/:email/tokens",
              [&service](const Request& r) { return account(r, service); }, Access::kAdministrator});
  router.add({Method::kPost, "/api/admin/user-tokens",
              [&service](const Request& r) { return recharge(r, service); }, Access::kAdministrator,
              Body::kJson});
}

}  // namespace inpaint::admin
