#include "http/client_address.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <string_view>

#include "http/text.h"

namespace inpaint::http {
namespace {

bool is_address(const std::string& text) {
  in_addr version_4{};
  in6_addr version_6{};
  return ::inet_pton(AF_INET, text.c_str(), &version_4) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &version_6) == 1;
}

// All of them are one list (RFC 9110, 5.3).
std::string forwarded_for(const Headers& headers) {
  std::string list;
  for (const auto& [name, value] : headers) {
    if (lower_case(name) == "x-forwarded-for") list.append(list.empty() ? "" : ",").append(value);
  }
  return list;
}

}  // namespace

std::string client_address(const std::string& peer, const Headers& headers, unsigned trusted_proxies) {
  if (trusted_proxies == 0) return peer;
  const std::string list = forwarded_for(headers);
  std::string_view rest = list;
  for (unsigned step = 1; step < trusted_proxies; ++step) {
    const auto comma = rest.rfind(',');
    if (comma == std::string_view::npos) return peer;
    rest = rest.substr(0, comma);
  }
  const auto comma = rest.rfind(',');
  const std::string entry(trim(comma == std::string_view::npos ? rest : rest.substr(comma + 1)));
  return is_address(entry) ? entry : peer;
}

std::string counted_name(const std::string& address) {
  if (address.find(':') == std::string::npos) return address;
  in6_addr parsed{};
  const std::string without_zone = address.substr(0, address.find('%'));
  if (::inet_pton(AF_INET6, without_zone.c_str(), &parsed) != 1 || IN6_IS_ADDR_V4MAPPED(&parsed)) {
    return address;
  }
  std::array<char, sizeof(parsed)> bytes{};
  std::memcpy(bytes.data(), &parsed, bytes.size());
  return {bytes.data(), 8};
}

}  // namespace inpaint::http
