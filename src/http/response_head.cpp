#include "http/response_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>

namespace inpaint::http {
namespace {

// Any origin may ask: what may be seen is decided by the Authorization header, and there are no cookies.
constexpr std::string_view kEndOfHead =
    "Content-Security-Policy: default-src 'self';base-uri 'self';font-src 'self' https: data:;"
    "form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';"
    "script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Origin-Agent-Cluster: ?1\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Strict-Transport-Security: max-age=15552000; includeSubDomains\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-DNS-Prefetch-Control: off\r\n"
    "X-Download-Options: noopen\r\n"
    "X-Frame-Options: SAMEORIGIN\r\n"
    "X-Permitted-Cross-Domain-Policies: none\r\n"
    "X-XSS-Protection: 0\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Expose-Headers: X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, "
    "RateLimit-Reset, Content-Disposition, ETag\r\n"
    "\r\n";

constexpr std::size_t kUsualHead = 512;

void append(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  const auto begin = static_cast<std::ptrdiff_t>(head.size());
  head.append(value);
  // Handlers put names from outside into headers; a line break must not begin another header.
  std::replace_if(
      head.begin() + begin, head.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  head.append("\r\n");
}

}  // namespace

const std::string& DateHeader::line() {
  const std::time_t now = std::time(nullptr);
  if (now != made_at_) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    const std::size_t size =
        std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    line_.assign(text.data(), size);
    made_at_ = now;
  }
  return line_;
}

std::string serialize_head(const HeadFacts& facts, const Headers& headers, std::string_view content_type,
                           DateHeader& date) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(facts.status)));
  std::string head;
  head.reserve(kUsualHead);
  head.append("HTTP/1.1 ").append(std::to_string(facts.status)).append(" ");
  head.append(reason.data(), reason.size()).append("\r\n");
  head.append(date.line());
  if (!content_type.empty()) append(head, "Content-Type", content_type);
  if (facts.content_length) append(head, "Content-Length", std::to_string(*facts.content_length));
  head.append(facts.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
  for (const auto& [name, value] : headers) append(head, name, value);
  return head;
}

std::string_view end_of_head() {
  return kEndOfHead;
}

}  // namespace inpaint::http
