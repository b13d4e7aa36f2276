#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/credits.h"
#include "http/message.h"

namespace inpaint::http {

using Json = nlohmann::ordered_json;

// The body as a JSON object: throws kInvalid MALFORMED_JSON for anything else, for nesting over 32 levels,
// for more than `maximum_members` members and for invalid UTF-8; kUnsupportedType when Content-Type is not
// JSON.
Json parse_object(const Request& request, int maximum_members = 1000);

// An object of the members in their order. Each is made where it stays: Json's own braces make an array of
// every pair first, and copy the members again and again as they become more.
struct Member {
  std::string_view name;
  Json value;
};
template <std::size_t count>
Json object(Member (&&members)[count]) {
  Json::object_t object;
  object.reserve(count);
  for (Member& member : members) object.emplace_back(member.name, std::move(member.value));
  return object;
}

// Answers with status and {"success": true, …fields}; fields may say "success" themselves.
Response json_response(int status, const Json& fields);

// An exact JSON number for an amount of tokens.
Json to_json(Credits amount);

// Collects every bad field of a body, then throws one VALIDATION_ERROR that names them all.
class Validator {
 public:
  explicit Validator(const Json& object) : object_(object) {}

  // Trimmed text; absent, null, not a string, blank or over `maximum` characters (code points) is an error.
  std::string required_text(std::string_view field, std::size_t maximum);
  // As above, but absent is fine and gives nothing.
  std::optional<std::string> optional_text(std::string_view field, std::size_t maximum);
  void fail(std::string_view field, std::string message);
  void throw_if_failed() const;

 private:
  const Json& object_;
  std::vector<ErrorDetail> failures_;
};

// page ≥ 1, 1 ≤ limit ≤ 100 from the query; throws kInvalid for anything else.
struct Page {
  std::int64_t number = 1;
  std::int64_t limit = 20;
  std::int64_t offset() const { return (number - 1) * limit; }
  // {"page","limit","total","totalPages"}
  Json to_json(std::int64_t total) const;
};
Page parse_page(const Request& request);

// true, 1, false, 0 or absent (false) in the query; throws kInvalid for anything else.
bool parse_flag(const Request& request, std::string_view name);

}  // namespace inpaint::http
