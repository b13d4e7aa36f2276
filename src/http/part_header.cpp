#include "http/part_header.h"

#include <algorithm>
#include <map>

#include "http/text.h"

namespace inpaint::http {
namespace {

constexpr std::size_t kMaximumBoundary = 70;  // RFC 2046, section 5.1.1

using Parameters = std::map<std::string, std::string>;

// The text behind an opening quote, up to the closing one, which is taken off `rest` too. A backslash
// escapes a quote or itself only: browsers of old wrote whole Windows paths.
std::string take_quoted(std::string_view& rest) {
  std::string text;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return text;
    }
    const bool escapes =
        rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\');
    text.push_back(rest[escapes ? ++i : i]);
  }
  throw malformed_multipart("a quote in a header is not closed");
}

// `; name=value; name="value"`, as they stand behind the first word of a header.
Parameters parse_parameters(std::string_view rest) {
  Parameters parameters;
  while (!(rest = trim(rest)).empty()) {
    if (rest.front() != ';') throw malformed_multipart("a header's parameters are wrong");
    rest = trim(rest.substr(1));
    if (rest.empty()) break;
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) throw malformed_multipart("a header's parameter has no value");
    const std::string name = lower_case(trim(rest.substr(0, equals)));
    rest = trim(rest.substr(equals + 1));
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      parameters[name] = take_quoted(rest);
    } else {
      const auto end = std::min(rest.find(';'), rest.size());
      parameters[name] = std::string(trim(rest.substr(0, end)));
      rest.remove_prefix(end);
    }
  }
  return parameters;
}

std::string checked_text(std::string text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (!is_utf8(text)) throw malformed_multipart("a name is not valid UTF-8");
  if (std::ranges::any_of(text, is_control)) throw malformed_multipart("a name has control characters");
  return text;
}

// filename*=UTF-8''… (RFC 5987), which some clients send for names that are not ASCII.
std::optional<std::string> extended_value(std::string_view value) {
  const auto language = value.find('\'');
  const auto text = value.find('\'', language + 1);
  if (language == std::string_view::npos || text == std::string_view::npos) return std::nullopt;
  if (lower_case(value.substr(0, language)) != "utf-8") return std::nullopt;
  return percent_decode(value.substr(text + 1), false);
}

std::optional<std::string> file_name_of(const Parameters& parameters) {
  if (const auto extended = parameters.find("filename*"); extended != parameters.end()) {
    if (auto name = extended_value(extended->second)) return checked_text(*std::move(name));
  }
  const auto plain = parameters.find("filename");
  if (plain == parameters.end()) return std::nullopt;
  return checked_text(plain->second);
}

}  // namespace

Error malformed_multipart(const std::string& what) {
  return invalid("MALFORMED_MULTIPART", "The multipart body is malformed: " + what + ".");
}

PartHeader parse_part_header(std::string_view block) {
  while (!(block = trim(block)).empty()) {
    const auto end = std::min(block.find("\r\n"), block.size());
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(end);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) throw malformed_multipart("a part's header has no colon");
    if (lower_case(trim(line.substr(0, colon))) != "content-disposition") continue;
    const std::string_view value = trim(line.substr(colon + 1));
    const auto word_end = std::min(value.find(';'), value.size());
    if (lower_case(trim(value.substr(0, word_end))) != "form-data") break;
    const Parameters parameters = parse_parameters(value.substr(word_end));
    const auto name = parameters.find("name");
    if (name == parameters.end()) break;
    return {checked_text(name->second), file_name_of(parameters)};
  }
  throw malformed_multipart("a part has no Content-Disposition: form-data with a name");
}

std::string boundary_of(std::string_view content_type) {
  const auto word_end = std::min(content_type.find(';'), content_type.size());
  if (lower_case(trim(content_type.substr(0, word_end))) != "multipart/form-data") {
    throw Error(ErrorKind::kUnsupportedType, "UNSUPPORTED_MEDIA_TYPE",
                "The body must be multipart/form-data.");
  }
  const Parameters parameters = parse_parameters(content_type.substr(word_end));
  const auto boundary = parameters.find("boundary");
  const auto is_plain = [](char c) { return c >= ' ' && c < '\x7f'; };
  if (boundary == parameters.end() || boundary->second.empty() ||
      boundary->second.size() > kMaximumBoundary || !std::ranges::all_of(boundary->second, is_plain)) {
    throw malformed_multipart("its boundary must be 1 to 70 ASCII characters");
  }
  return boundary->second;
}

}  // namespace inpaint::http
