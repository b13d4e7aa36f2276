#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace inpaint::datasets {

// So much memory for decoding at a time: whoever needs more than is free waits. Thread-safe.
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

 private:
  void give_back(std::int64_t bytes) noexcept;

  const std::int64_t total_bytes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t free_bytes_;
};

}  // namespace inpaint::datasets
