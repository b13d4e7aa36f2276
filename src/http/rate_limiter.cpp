#include "http/rate_limiter.h"

#include <algorithm>

#include "http/client_address.h"

namespace inpaint::http {
namespace {

constexpr auto kWindow = std::chrono::minutes(1);
constexpr std::size_t kMaximumAddresses = 100'000;

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
