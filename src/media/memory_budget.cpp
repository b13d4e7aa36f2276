#include "media/memory_budget.h"

#include <algorithm>

#include "base/error.h"

namespace inpaint::media {
namespace {

constexpr std::chrono::milliseconds kLookInterval{50};  // how soon the end of somebody's patience is noticed

}  // namespace

MemoryBudget::Lease MemoryBudget::take(std::int64_t bytes, std::chrono::milliseconds patience) {
  const std::int64_t wanted = std::min(bytes, total_bytes_);
  const auto end = std::chrono::steady_clock::now() + patience;
  if (!wait_in_line(wanted, [end] { return std::chrono::steady_clock::now() < end; })) {
    throw Error(ErrorKind::kUnavailable, "MEMORY_BUSY",
                "Too many large pictures are being read at the moment. Try again in a while.");
  }
  return {*this, wanted};
}

MemoryBudget::Lease MemoryBudget::take(std::int64_t bytes, const engine::CancelToken& cancel) {
  const std::int64_t wanted = std::min(bytes, total_bytes_);
  if (!wait_in_line(wanted, [&] { return !cancel.cancelled(); })) {
    throw conflict("CANCELLED", "The work was cancelled.");
  }
  return {*this, wanted};
}

bool MemoryBudget::wait_in_line(std::int64_t wanted, const std::function<bool()>& may_wait) {
  std::unique_lock lock(mutex_);
  const auto place = line_.insert(line_.end(), wanted);
  const auto is_my_turn = [&] { return place == line_.begin() && free_bytes_ >= wanted; };
  bool taken = is_my_turn();
  while (!taken && may_wait()) taken = changed_.wait_for(lock, kLookInterval, is_my_turn);
  if (taken) free_bytes_ -= wanted;
  line_.erase(place);
  lock.unlock();
  changed_.notify_all();  // there may be enough for the next one too
  return taken;
}

void MemoryBudget::give_back(std::int64_t bytes) noexcept {
  {
    const std::scoped_lock lock(mutex_);
    free_bytes_ += bytes;
  }
  changed_.notify_all();
}

}  // namespace inpaint::media
