#pragma once

#include <algorithm>
#include <cstddef>

#include "queue/queue.h"

// What both queues do with an attempt that failed.
namespace inpaint::queue {

constexpr std::size_t kMaximumReasonLength = 500;

// How long to wait after it: that doubles with each.
inline std::chrono::milliseconds backoff(const Options& options, int attempt) {
  constexpr int kMaximumDoublings = 16;
  return options.first_backoff * (1 << std::clamp(attempt - 1, 0, kMaximumDoublings));
}

}  // namespace inpaint::queue
