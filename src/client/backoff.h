#pragma once

#include <chrono>
#include <functional>
#include <random>

namespace inpaint::client {

// The pauses between tries: each up to twice as long as the one before, at most `longest`, and drawn from the
// upper half of that, so that those who failed together don't come back together.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest);

  std::chrono::milliseconds next();

 private:
  std::chrono::milliseconds limit_;
  const std::chrono::milliseconds longest_;
  std::minstd_rand random_;
};

// Sleeps for that long, or until `is_cancelled` (may be empty), which is asked every few milliseconds.
void pause(std::chrono::milliseconds time, const std::function<bool()>& is_cancelled);

}  // namespace inpaint::client
