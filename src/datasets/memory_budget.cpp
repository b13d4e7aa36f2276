#include "datasets/memory_budget.h"

#include <algorithm>

#include "base/error.h"

namespace inpaint::datasets {

MemoryBudget::Lease MemoryBudget::take(std::int64_t bytes, std::chrono::milliseconds patience) {
  const std::int64_t wanted = std::min(bytes, total_bytes_);
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return free_bytes_ >= wanted; })) {
    throw Error(ErrorKind::kUnavailable, "MEMORY_BUSY",
                "Too many large pictures are being read at the moment. Try again in a while.");
  }
  free_bytes_ -= wanted;
  return {*this, wanted};
}

void MemoryBudget::give_back(std::int64_t bytes) noexcept {
  {
    const std::scoped_lock lock(mutex_);
    free_bytes_ += bytes;
  }
  changed_.notify_all();
}

}  // namespace inpaint::datasets
