#include "client/circuit_breaker.h"

#include "base/log.h"

namespace inpaint::client {

using std::chrono::milliseconds;

// A call that is let through and never tells how it went costs no more than its turn.
milliseconds CircuitBreaker::ask(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (failures_ < threshold_) return milliseconds(0);
  if (now < next_call_) return std::chrono::ceil<milliseconds>(next_call_ - now);
  next_call_ = now + cool_down_;
  return milliseconds(0);
}

void CircuitBreaker::succeeded() {
  const std::lock_guard lock(mutex_);
  if (failures_ >= threshold_) log::info("service", "another server answers again", {{"server", service_}});
  failures_ = 0;
}

void CircuitBreaker::failed(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (++failures_ == threshold_) {
    log::warn("service", "another server does not answer; from now on it is asked now and then",
              {{"server", service_}});
  }
  next_call_ = now + cool_down_;
}

}  // namespace inpaint::client
