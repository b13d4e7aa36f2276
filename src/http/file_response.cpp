#include "http/file_response.h"

#include <algorithm>
#include <charconv>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/percent.h"
#include "http/text.h"

namespace inpaint::http {
namespace {

struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '-' || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

Error not_satisfiable(std::int64_t size) {
  return {ErrorKind::kRangeNotSatisfiable,
          "RANGE_NOT_SATISFIABLE",
          "The file has no such bytes.",
          {{"contentRange", "bytes */" + std::to_string(size)}}};
}

// One range of bytes; nothing when the header is to be ignored.
std::optional<Range> parse_range(std::string_view header, std::int64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!lower_case(header).starts_with(kUnit)) return std::nullopt;
  const std::string_view text = trim(header.substr(kUnit.size()));
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return std::nullopt;
  const auto first = number(trim(text.substr(0, dash)));
  const auto last = number(trim(text.substr(dash + 1)));
  if (dash == 0) {  // the last so many bytes
    if (!last) return std::nullopt;
    if (*last == 0 || size == 0) throw not_satisfiable(size);
    return Range{std::max<std::int64_t>(size - *last, 0), size - 1};
  }
  if (!first || (!last && dash + 1 != text.size()) || (last && *last < *first)) return std::nullopt;
  if (*first >= size) throw not_satisfiable(size);
  return Range{*first, std::min(last.value_or(size - 1), size - 1)};
}

bool etag_matches(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string_view candidate = trim(list.substr(0, comma));
    if (candidate.starts_with("W/")) candidate.remove_prefix(2);
    if (candidate == "*" || candidate == etag) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::string content_disposition(const FileBody& file) {
  std::string plain = file.name;
  std::ranges::replace_if(
      plain, [](char c) { return c < ' ' || c >= '\x7f' || c == '"' || c == '\\'; }, '_');
  const bool is_inline = file.disposition == FileBody::Disposition::kInline;
  return (is_inline ? "inline; filename=\"" : "attachment; filename=\"") + plain + "\"; filename*=UTF-8''" +
         percent_encode(file.name);
}

FilePlan plan_file(const Request& request, const FileBody& file, Response& response) {
  const std::int64_t size = file.content->size_bytes();
  Headers& headers = response.headers;
  headers.set("ETag", file.etag);
  headers.set("Accept-Ranges", "bytes");
  // Pictures belong to one user: no shared cache may keep them, his own asks whether they are still current.
  if (!headers.find("Cache-Control")) headers.add("Cache-Control", "private, no-cache");
  if (!file.name.empty()) headers.set("Content-Disposition", content_disposition(file));

  const auto known = request.headers.find("If-None-Match");
  if (known && etag_matches(*known, file.etag)) {
    response.status = 304;
    return {};
  }
  const auto wanted = request.headers.find("Range");
  const auto condition = request.headers.find("If-Range");
  if (!wanted || request.method != Method::kGet || (condition && *condition != file.etag)) return {0, size};
  const std::optional<Range> range = parse_range(*wanted, size);
  if (!range) return {0, size};
  response.status = 206;
  headers.set("Content-Range", "bytes " + std::to_string(range->first) + "-" + std::to_string(range->last) +
                                   "/" + std::to_string(size));
  return {range->first, range->last - range->first + 1};
}

}  // namespace inpaint::http
