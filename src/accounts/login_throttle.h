#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
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

  // A login under way. One that is neither failed() nor ended well counts for nothing.
  class Attempt {
   public:
    ~Attempt();
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    void failed(Clock::time_point now = Clock::now());
    void succeeded();

   private:
    friend class LoginThrottle;
    using Keys = std::array<std::string, 3>;
    Attempt(LoginThrottle& throttle, Keys keys) : throttle_(throttle), keys_(std::move(keys)) {}

    LoginThrottle& throttle_;
    const Keys keys_;
  };

  // Throws kTooManyRequests TOO_MANY_LOGINS, with the seconds to wait as detail "retryAfter". While those
  // under way could use up what is left by failing, it waits for one of them, so that parallel guesses are
  // no more than others.
  Attempt begin(const std::string& email, const std::string& address, Clock::time_point now = Clock::now());

 private:
  struct Window {
    int failures = 0;
    int under_way = 0;
    Clock::time_point ends;
  };
  void forget_ended(Clock::time_point now);
  bool has_room(const Attempt::Keys& keys, Clock::time_point now);

  std::mutex mutex_;
  std::condition_variable ended_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace inpaint::accounts
