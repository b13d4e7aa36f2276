#include "client/backoff.h"

#include <algorithm>
#include <thread>

namespace inpaint::client {

using std::chrono::milliseconds;

Backoff::Backoff(milliseconds first, milliseconds longest)
    : limit_(std::min(first, longest)), longest_(longest), random_(std::random_device{}()) {}

milliseconds Backoff::next() {
  std::uniform_int_distribution<milliseconds::rep> pauses(limit_.count() / 2, limit_.count());
  limit_ = std::min(2 * limit_, longest_);
  return milliseconds(pauses(random_));
}

void pause(milliseconds time, const std::function<bool()>& is_cancelled) {
  constexpr milliseconds kStep{50};
  const auto end = std::chrono::steady_clock::now() + time;
  while (!(is_cancelled && is_cancelled())) {
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    if (left <= milliseconds(0)) return;
    std::this_thread::sleep_for(std::min(left, kStep));
  }
}

}  // namespace inpaint::client
