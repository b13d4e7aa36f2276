#include "accounts/login_throttle.h"

#include "base/error.h"

namespace inpaint::accounts {
namespace {

constexpr std::chrono::minutes kWindow{5};
constexpr std::size_t kMaximumWindows = 100'000;

constexpr std::array<int, 3> kLimits{10, 100, 200};  // of one account from one address, of each alone

}  // namespace

LoginThrottle::Attempt LoginThrottle::begin(const std::string& email, const std::string& address,
                                            Clock::time_point now) {
  Attempt::Keys keys{email + '\n' + address, email + '\n', '\n' + address};  // '\n' is in neither
  std::unique_lock lock(mutex_);
  if (windows_.size() >= kMaximumWindows) forget_ended(now);
  ended_.wait(lock, [&] { return has_room(keys, now); });
  for (const std::string& key : keys) ++windows_[key].under_way;
  return {*this, std::move(keys)};
}

// Whether it may begin now, or only when one under way has ended. Throws when too many have failed.
bool LoginThrottle::has_room(const Attempt::Keys& keys, Clock::time_point now) {
  bool has_room = true;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto found = windows_.find(keys[i]);
    if (found == windows_.end()) continue;
    Window& window = found->second;
    if (window.ends <= now) window.failures = 0;
    if (window.failures >= kLimits[i]) {
      const auto wait = std::chrono::ceil<std::chrono::seconds>(window.ends - now);
      throw Error(ErrorKind::kTooManyRequests, "TOO_MANY_LOGINS",
                  "Too many failed logins. Try again in " + std::to_string(wait.count()) + " seconds.",
                  {{"retryAfter", std::to_string(wait.count())}});
    }
    has_room = has_room && window.failures + window.under_way < kLimits[i];
  }
  return has_room;
}

void LoginThrottle::Attempt::failed(Clock::time_point now) {
  const std::lock_guard lock(throttle_.mutex_);
  for (const std::string& key : keys_) {
    Window& window = throttle_.windows_[key];
    if (window.ends <= now) {
      window.failures = 0;
      window.ends = now + kWindow;
    }
    ++window.failures;
  }
}

void LoginThrottle::Attempt::succeeded() {
  const std::lock_guard lock(throttle_.mutex_);
  throttle_.windows_[keys_[0]].failures = 0;
}

LoginThrottle::Attempt::~Attempt() {
  {
    const std::lock_guard lock(throttle_.mutex_);
    for (const std::string& key : keys_) {
      const auto found = throttle_.windows_.find(key);
      if (--found->second.under_way == 0 && found->second.failures == 0) throttle_.windows_.erase(found);
    }
  }
  throttle_.ended_.notify_all();
}

void LoginThrottle::forget_ended(Clock::time_point now) {
  const auto forget = [&](auto is_forgotten) {
    std::erase_if(windows_, [&](const auto& entry) {
      return entry.second.under_way == 0 && is_forgotten(entry.second);
    });
  };
  forget([&](const Window& window) { return window.ends <= now; });
  // An attacker with that many names: better to forget them all than to grow or to refuse everybody.
  if (windows_.size() >= kMaximumWindows) forget([](const Window&) { return true; });
}

}  // namespace inpaint::accounts
