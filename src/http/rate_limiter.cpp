#include "http/rate_limiter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace inpaint::http {
namespace {

constexpr auto kWindow = std::chrono::minutes(1);
constexpr std::size_t kMaximumAddresses = 100'000;

// What is counted as one: an IPv4 address, or the network of an IPv6 one.
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

}  // namespace

RateLimiter::Verdict RateLimiter::count(const std::string& address, Clock::time_point now) {
  if (limit_ == 0) return {};
  const std::scoped_lock lock(mutex_);
  if (windows_.size() >= kMaximumAddresses) forget_ended(now);
  Window& window = windows_[counted_name(address)];
  if (window.ends <= now) window = {now + kWindow, 0};
  const bool allowed = window.requests < limit_;
  if (allowed) ++window.requests;
  const auto left = std::chrono::ceil<std::chrono::seconds>(window.ends - now);
  return {allowed, limit_, limit_ - window.requests, left.count()};
}

std::size_t RateLimiter::addresses() const {
  const std::scoped_lock lock(mutex_);
  return windows_.size();
}

// Should every window be open, an attacker has that many addresses and counting them helps nobody.
void RateLimiter::forget_ended(Clock::time_point now) {
  std::erase_if(windows_, [&](const auto& entry) { return entry.second.ends <= now; });
  if (windows_.size() >= kMaximumAddresses) windows_.clear();
}

}  // namespace inpaint::http
