#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace inpaint::http {

// So many requests in a minute from one address, counted in fixed windows that begin with its first request.
// (See counted_name for what one is.) Memory is bounded; thread-safe.
class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  // 0: no limit.
  explicit RateLimiter(std::int64_t requests_per_minute) : limit_(requests_per_minute) {}

  struct Verdict {
    bool allowed = true;
    std::int64_t limit = 0;  // 0: there is none
    std::int64_t remaining = 0;
    std::int64_t reset_seconds = 0;  // until the window ends
  };
  Verdict count(const std::string& address, Clock::time_point now = Clock::now());

  // With a window at the moment.
  std::size_t addresses() const;

 private:
  struct Window {
    Clock::time_point ends;
    std::int64_t requests = 0;
  };
  void forget_ended(Clock::time_point now);

  const std::int64_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace inpaint::http
