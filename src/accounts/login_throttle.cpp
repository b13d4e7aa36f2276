#include "accounts/login_throttle.h"

#include <array>

#include "base/error.h"

namespace inpaint::accounts {
namespace {

constexpr std::chrono::minutes kWindow{5};
constexpr std::size_t kMaximumWindows = 100'000;

struct Limit {
  std::string key;
  int failures;
};

// '\n' is in no e-mail and no address.
std::array<Limit, 3> limits(const std::string& email, const std::string& address) {
  return {Limit{email + '\n' + address, 10}, Limit{email + '\n', 100}, Limit{'\n' + address, 200}};
}

}  // namespace

void LoginThrottle::attempt(const std::string& email, const std::string& address, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (windows_.size() >= kMaximumWindows) forget_ended(now);
  const auto checked = limits(email, address);
  for (const Limit& limit : checked) {
    const auto found = windows_.find(limit.key);
    if (found == windows_.end() || found->second.ends <= now || found->second.failures < limit.failures)
      continue;
    const auto wait = std::chrono::ceil<std::chrono::seconds>(found->second.ends - now);
    throw Error(ErrorKind::kTooManyRequests, "TOO_MANY_LOGINS",
                "Too many failed logins. Try again in " + std::to_string(wait.count()) + " seconds.",
                {{"retryAfter", std::to_string(wait.count())}});
  }
  for (const Limit& limit : checked) {
    Window& window = windows_[limit.key];
    if (window.ends <= now) window = {0, now + kWindow};
    ++window.failures;
  }
}

void LoginThrottle::succeeded(const std::string& email, const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto checked = limits(email, address);
  windows_.erase(checked[0].key);
  for (std::size_t i = 1; i < checked.size(); ++i) {
    const auto found = windows_.find(checked[i].key);
    if (found != windows_.end() && found->second.failures > 0) --found->second.failures;
  }
}

void LoginThrottle::forget_ended(Clock::time_point now) {
  std::erase_if(windows_, [&](const auto& entry) { return entry.second.ends <= now; });
  // An attacker with that many names: better to forget them all than to grow or to refuse everybody.
  if (windows_.size() >= kMaximumWindows) windows_.clear();
}

}  // namespace inpaint::accounts
