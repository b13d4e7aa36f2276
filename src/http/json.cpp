#include "http/json.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "http/text.h"

namespace inpaint::http {
namespace {

constexpr int kMaximumDepth = 32;
constexpr std::int64_t kMaximumLimit = 100;
constexpr std::int64_t kMaximumPage = 1'000'000'000'000;

// application/json, or something+json, in UTF-8.
void check_content_type(const Request& request) {
  const std::string type = lower_case(request.headers.find("Content-Type").value_or(""));
  const std::string media_type = type.substr(0, type.find(';'));
  const bool is_json = trim(media_type) == "application/json" || trim(media_type).ends_with("+json");
  if (!is_json) {
    throw Error(ErrorKind::kUnsupportedType, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.");
  }
  const auto charset = type.find("charset=");
  if (charset == std::string::npos) return;
  std::string value = type.substr(charset + 8, type.find(';', charset) - charset - 8);
  std::erase(value, '"');
  if (trim(value) != "utf-8" && trim(value) != "utf8") {
    throw Error(ErrorKind::kUnsupportedType, "UNSUPPORTED_CHARSET", "The body must be in UTF-8.");
  }
}

// Counted before parsing, because a parser's own recursion is what deep nesting attacks, and because adding
// a member to an object that keeps its order takes time with each member that is there.
void check_shape(std::string_view text, int maximum_members) {
  int depth = 0;
  int members = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaximumDepth) throw invalid("MALFORMED_JSON", "The JSON is nested too deeply.");
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ':' && ++members > maximum_members) {
      throw invalid("MALFORMED_JSON",
                    "The JSON has more than " + std::to_string(maximum_members) + " members.");
    }
  }
}

std::optional<std::int64_t> parse_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Json parse_object(const Request& request, int maximum_members) {
  check_content_type(request);
  check_shape(request.body, maximum_members);
  Json parsed = Json::parse(request.body, nullptr, false);
  if (parsed.is_discarded()) throw invalid("MALFORMED_JSON", "The body is not valid JSON in UTF-8.");
  if (!parsed.is_object()) throw invalid("MALFORMED_JSON", "The body must be a JSON object.");
  return parsed;
}

Response json_response(int status, const Json& fields) {
  // An empty list of fields, {}, makes null.
  std::string body = fields.empty() ? "{}" : fields.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!fields.contains("success"))
    body.insert(1, fields.empty() ? R"("success":true)" : R"("success":true,)");
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

// Shortest decimal forms of doubles come back as they were for 15 digits and fewer, and an amount has 10.
Json to_json(Credits amount) {
  if (amount.hundredths() % 100 == 0) return amount.hundredths() / 100;
  return static_cast<double>(amount.hundredths()) / 100.0;
}

std::string Validator::required_text(std::string_view field, std::size_t maximum) {
  const auto given = object_.find(field);
  if (given == object_.end() || given->is_null()) {
    fail(field, "is required");
    return {};
  }
  return optional_text(field, maximum).value_or("");
}

std::optional<std::string> Validator::optional_text(std::string_view field, std::size_t maximum) {
  const auto given = object_.find(field);
  if (given == object_.end()) return std::nullopt;
  if (!given->is_string()) {
    fail(field, "must be a text");
    return std::string();
  }
  const std::string text(trim(given->get_ref<const std::string&>()));
  if (text.empty()) fail(field, "must not be blank");
  if (text.find('\0') != std::string::npos) {
    fail(field, "must not contain a NUL character");
    return std::string();
  }
  if (count_characters(text) > maximum) {
    fail(field, "must have at most " + std::to_string(maximum) + " characters");
    return std::string();
  }
  if (!text.empty() && is_blank(text)) {
    fail(field, "must not be blank");
    return std::string();
  }
  return text;
}

void Validator::fail(std::string_view field, std::string message) {
  failures_.push_back({std::string(field), std::move(message)});
}

void Validator::throw_if_failed() const {
  if (failures_.empty()) return;
  std::string sentence = "The request is not valid:";
  for (const ErrorDetail& failure : failures_) sentence += " " + failure.field + " " + failure.message + ";";
  sentence.back() = '.';
  throw invalid("VALIDATION_ERROR", sentence, failures_);
}

Json Page::to_json(std::int64_t total) const {
  return {{"page", number}, {"limit", limit}, {"total", total}, {"totalPages", (total + limit - 1) / limit}};
}

Page parse_page(const Request& request) {
  Page page;
  std::vector<ErrorDetail> failures;
  const auto take = [&](const char* name, std::int64_t maximum, std::int64_t& value) {
    const auto text = request.query_value(name);
    if (!text) return;
    const auto number = parse_number(*text);
    if (number && *number >= 1 && *number <= maximum) {
      value = *number;
    } else {
      failures.push_back({name, "must be a whole number from 1 to " + std::to_string(maximum)});
    }
  };
  take("page", kMaximumPage, page.number);
  take("limit", kMaximumLimit, page.limit);
  if (!failures.empty()) {
    throw invalid("VALIDATION_ERROR", "page and limit must be whole numbers in their ranges.", failures);
  }
  return page;
}

bool parse_flag(const Request& request, std::string_view name) {
  const std::string text = request.query_value(name).value_or("false");
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0" || text.empty()) return false;
  throw invalid("VALIDATION_ERROR", std::string(name) + " must be true or false.",
                {{std::string(name), "must be true or false"}});
}

}  // namespace inpaint::http
