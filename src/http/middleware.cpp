#include "http/middleware.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "http/json.h"
#include "http/part_header.h"
#include "http/text.h"

namespace inpaint::http {
namespace {

constexpr std::size_t kMaximumRequestId = 128;

// --- the steps ------------------------------------------------------------------------------------------

// The client's own X-Request-Id if it is one that may stand in a log, else a new one.
void name_request(Exchange& exchange, Shared&) {
  const auto is_sane = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  const std::string_view given = exchange.request.headers.find("X-Request-Id").value_or("");
  const bool usable =
      !given.empty() && given.size() <= kMaximumRequestId && std::ranges::all_of(given, is_sane);
  exchange.request.id = usable ? std::string(given) : Uuid::make().to_string();
  exchange.log_context.set("request", exchange.request.id);
}

void limit_rate(Exchange& exchange, Shared& shared) {
  exchange.rate = shared.rate_limiter.count(exchange.request.remote_address);
  if (exchange.rate.allowed) return;
  throw Error(ErrorKind::kTooManyRequests, "RATE_LIMITED", "Too many requests from this address.",
              {{"retryAfter", std::to_string(exchange.rate.reset_seconds)}});
}

// CORS: what a browser asks before it sends a request of another origin's page.
void answer_preflight(Exchange& exchange, Shared&) {
  if (exchange.request.method != Method::kOptions) return;
  exchange.response.status = 204;
  exchange.response.content_type.clear();
  Headers& headers = exchange.response.headers;
  headers.set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE");
  headers.set("Access-Control-Allow-Headers",
              "Authorization, Content-Type, Idempotency-Key, X-Request-Id, Range");
  headers.set("Access-Control-Max-Age", "86400");
  exchange.is_answered = true;
}

void check_head(Exchange& exchange, Shared&) {
  if (exchange.head_refusal) throw Error(*exchange.head_refusal);
  if (!exchange.has_valid_host) {
    throw invalid("MALFORMED_REQUEST", "The request must have one Host header.");
  }
}

void read_query(Exchange& exchange, Shared&) {
  std::string_view query = exchange.raw_query;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value)
      throw invalid("BAD_URL", "The URL's query is not well-formed percent-encoded UTF-8.");
    if (!name->empty()) exchange.request.query[*std::move(name)] = *std::move(value);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

void find_route(Exchange& exchange, Shared& shared) {
  Router::Match match = shared.router.match(exchange.request.method, exchange.raw_path);
  exchange.route = match.route;
  exchange.request.params = std::move(match.params);
}

void check_length(Exchange& exchange, Shared& shared) {
  if (exchange.route->body == Body::kNone) return;
  if (!exchange.content_length && !exchange.is_chunked) {
    throw Error(ErrorKind::kLengthRequired, "LENGTH_REQUIRED", "The request needs a body with its length.");
  }
  const std::int64_t limit = exchange.route->body == Body::kJson ? shared.options.json_limit_bytes
                                                                 : shared.options.upload_limit_bytes;
  if (exchange.content_length.value_or(0) > limit) throw body_too_large(limit);
}

// Told before megabytes are sent for nothing; JSON is looked at closer when it is parsed.
void check_media_type(Exchange& exchange, Shared&) {
  if (exchange.route->body == Body::kNone) return;
  const std::string encoding =
      lower_case(exchange.request.headers.find("Content-Encoding").value_or("identity"));
  if (encoding != "identity") {
    throw Error(ErrorKind::kUnsupportedType, "UNSUPPORTED_ENCODING", "The body must not be compressed.");
  }
  if (exchange.route->body == Body::kMultipart) {
    boundary_of(exchange.request.headers.find("Content-Type").value_or(""));
  }
}

void add_request_id(Exchange& exchange) {
  exchange.response.headers.set("X-Request-Id", exchange.request.id);
}

void add_rate_limit(Exchange& exchange) {
  if (exchange.rate.limit == 0) return;
  Headers& headers = exchange.response.headers;
  headers.set("RateLimit-Limit", std::to_string(exchange.rate.limit));
  headers.set("RateLimit-Remaining", std::to_string(exchange.rate.remaining));
  headers.set("RateLimit-Reset", std::to_string(exchange.rate.reset_seconds));
}

// Answers belong to who asked, unless a handler says more.
void forbid_caching(Exchange& exchange) {
  if (!exchange.response.headers.find("Cache-Control"))
    exchange.response.headers.add("Cache-Control", "no-store");
}

// --- the chain ------------------------------------------------------------------------------------------

constexpr std::array kEntrance{name_request, limit_rate,   check_head,       answer_preflight,
                               find_route,   check_length, check_media_type, read_query};
constexpr std::array kExit{add_request_id, add_rate_limit, forbid_caching};

}  // namespace

void pass_entrance(Exchange& exchange, Shared& shared) {
  for (const auto& step : kEntrance) {
    step(exchange, shared);
    if (exchange.is_answered) return;
  }
}

void authorize(Exchange& exchange, const Shared& shared) {
  if (exchange.route->access != Access::kAdministrator) return;
  if (!shared.authentication.is_administrator(*exchange.request.user)) {
    throw Error(ErrorKind::kForbidden, "FORBIDDEN", "Only an administrator may do this.");
  }
}

void pass_exit(Exchange& exchange) {
  for (const auto& step : kExit) step(exchange);
}

void refuse(Exchange& exchange) noexcept {
  const auto answer = [&](const Error& error) {
    if (error.kind() == ErrorKind::kInternal) {
      log::error("errors", error.what(), {{"route", std::string(exchange.route_name())}});
    }
    exchange.response = to_response(error, exchange.request.id);
  };
  try {
    throw;
  } catch (const Error& error) {
    answer(error);
  } catch (const std::exception& error) {
    answer(internal(error.what()));
  }
}

Error body_too_large(std::int64_t limit_bytes) {
  return {ErrorKind::kTooLarge, "BODY_TOO_LARGE",
          "The body is larger than " + std::to_string(limit_bytes) + " bytes."};
}

}  // namespace inpaint::http
