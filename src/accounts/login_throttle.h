#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace inpaint::accounts {

// Slows down guessing of passwords: so many failures within a window, for one account from one address, for
// one account from anywhere, and for one address on any account. Success forgets the first count. Memory is
// bounded; thread-safe.
class LoginThrottle {
 public:
  using Clock = std::chrono::steady_clock;

  // Throws kTooManyRequests TOO_MANY_LOGINS, with the seconds to wait as detail "retryAfter". Counts the
  // attempt as failed until succeeded() says otherwise, so that parallel attempts count too.
  void attempt(const std::string& email, const std::string& address, Clock::time_point now = Clock::now());
  void succeeded(const std::string& email, const std::string& address);

 private:
  struct Window {
    int failures = 0;
    Clock::time_point ends;
  };
  void forget_ended(Clock::time_point now);

  std::mutex mutex_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace inpaint::accounts
