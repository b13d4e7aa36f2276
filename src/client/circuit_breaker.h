#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <utility>

namespace inpaint::client {

// Spares a service that is down, and those who would wait for it in vain: after `threshold` failures in a
// row only one call in every `cool_down` is let through, until one succeeds. Thread-safe; the time is the
// caller's.
class CircuitBreaker {
 public:
  using Clock = std::chrono::steady_clock;

  // `service`: what the log calls it.
  CircuitBreaker(std::string service, int threshold, std::chrono::milliseconds cool_down)
      : service_(std::move(service)), threshold_(threshold), cool_down_(cool_down) {}

  // How long to wait before asking again; 0: call now, and tell how it went.
  std::chrono::milliseconds ask(Clock::time_point now);
  void succeeded();
  void failed(Clock::time_point now);

 private:
  const std::string service_;
  const int threshold_;
  const std::chrono::milliseconds cool_down_;
  std::mutex mutex_;
  int failures_ = 0;  // since the last success
  Clock::time_point next_call_;
};

}  // namespace inpaint::client
