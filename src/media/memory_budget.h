#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>

#include "engine/engine.h"

namespace inpaint::media {

// So much memory for pictures at a time: whoever needs more than is free waits, in the order of asking, so
// that many small ones don't keep a large one out for ever. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t total_bytes) : total_bytes_(total_bytes), free_bytes_(total_bytes) {}

  // Memory that is given back at the end of the scope.
  class Lease {
   public:
    Lease(MemoryBudget& budget, std::int64_t bytes) : budget_(budget), bytes_(bytes) {}
    ~Lease() { budget_.give_back(bytes_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

   private:
    MemoryBudget& budget_;
    std::int64_t bytes_;
  };

  // What is more than the whole budget waits for the whole budget. Throws kUnavailable MEMORY_BUSY when
  // it is not free within `patience`.
  Lease take(std::int64_t bytes, std::chrono::milliseconds patience = std::chrono::seconds(30));
  // The same, for as long as the work is wanted. Throws kConflict CANCELLED.
  Lease take(std::int64_t bytes, const engine::CancelToken& cancel);

 private:
  // Waits for its turn, as long as `may_wait` says so, which is asked again and again; false then.
  bool wait_in_line(std::int64_t wanted, const std::function<bool()>& may_wait);
  void give_back(std::int64_t bytes) noexcept;

  const std::int64_t total_bytes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::int64_t> line_;  // what those who wait want
  std::int64_t free_bytes_;
};

}  // namespace inpaint::media
