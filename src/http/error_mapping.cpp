#include <algorithm>
#include <cstdlib>

#include "http/json.h"
#include "http/message.h"

namespace inpaint::http {
namespace {

constexpr auto kRetryAfterSeconds = "2";

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return 400;
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kPaymentRequired:  // the contract's choice
      return 401;
    case ErrorKind::kForbidden:
      return 403;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kMethodNotAllowed:
      return 405;
    case ErrorKind::kTimeout:
      return 408;
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kGone:
      return 410;
    case ErrorKind::kLengthRequired:
      return 411;
    case ErrorKind::kTooLarge:
      return 413;
    case ErrorKind::kUnsupportedType:
      return 415;
    case ErrorKind::kRangeNotSatisfiable:
      return 416;
    case ErrorKind::kTooManyRequests:
      return 429;
    case ErrorKind::kHeadersTooLarge:
      return 431;
    case ErrorKind::kInternal:
      return 500;
    case ErrorKind::kUnavailable:
      return 503;
  }
  return 500;
}

std::optional<std::string> detail(const Error& error, std::string_view field) {
  const auto found = std::ranges::find(error.details(), field, &ErrorDetail::field);
  return found == error.details().end() ? std::nullopt : std::optional(found->message);
}

// Facts that clients read from their own place, besides the list of details.
void add_facts(const Error& error, Json& body, Response& response) {
  switch (error.kind()) {
    case ErrorKind::kPaymentRequired:
      for (const char* name : {"required", "available"}) {
        const auto amount = Credits::parse(detail(error, name).value_or(""));
        if (!amount) continue;
        body["error"][name] = to_json(*amount);
        body[name] = to_json(*amount);
      }
      break;
    case ErrorKind::kMethodNotAllowed:
      response.headers.set("Allow", detail(error, "allow").value_or(""));
      break;
    case ErrorKind::kUnauthenticated:
      response.headers.set("WWW-Authenticate", "Bearer");
      break;
    case ErrorKind::kTooManyRequests:
    case ErrorKind::kUnavailable:
      response.headers.set("Retry-After", detail(error, "retryAfter").value_or(kRetryAfterSeconds));
      break;
    case ErrorKind::kRangeNotSatisfiable:
      response.headers.set("Content-Range", detail(error, "contentRange").value_or("bytes */0"));
      break;
    default:
      break;
  }
}

}  // namespace

Response to_response(const Error& error, std::string_view request_id) {
  Response response;
  response.status = status_of(error.kind());
  Json details = Json::array();
  std::string message = error.what();
  if (error.kind() == ErrorKind::kInternal) {
    message = "Something went wrong on our side. If it goes on, tell the operator the request id " +
              std::string(request_id) + ".";
  } else {
    for (const ErrorDetail& fact : error.details()) {
      details.push_back({{"field", fact.field}, {"message", fact.message}});
    }
  }
  Json body{
      {"success", false}, {"message", message}, {"error", {{"code", error.code()}, {"details", details}}}};
  add_facts(error, body, response);
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

}  // namespace inpaint::http
