#include "media/memory_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/error.h"

namespace inpaint::media {
namespace {

using namespace std::chrono_literals;

// "" when there was so much within the time, else the error's code.
std::string refusal(MemoryBudget& budget, std::int64_t bytes) {
  try {
    const MemoryBudget::Lease lease = budget.take(bytes, 10ms);
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

TEST(MemoryBudgetTest, MakesTheNextOneWait) {
  MemoryBudget budget(100);
  std::atomic<bool> second = false;
  std::jthread waiter;
  {
    const MemoryBudget::Lease all = budget.take(1000);
    EXPECT_EQ(refusal(budget, 1), "MEMORY_BUSY");
    waiter = std::jthread([&] {
      const MemoryBudget::Lease some = budget.take(50);
      second = true;
    });
    EXPECT_FALSE(second);
  }
  waiter.join();
  EXPECT_TRUE(second);
  EXPECT_EQ(refusal(budget, 100), "") << "all of it is free again";
}

TEST(MemoryBudgetTest, ALargeOneIsNotOvertakenForEver) {
  MemoryBudget budget(100);
  std::atomic<bool> has_all = false;
  std::jthread large;
  {
    const MemoryBudget::Lease half = budget.take(50);
    large = std::jthread([&] {
      const MemoryBudget::Lease all = budget.take(100, 60s);
      has_all = true;
    });
    while (refusal(budget, 10).empty()) std::this_thread::sleep_for(1ms);
    EXPECT_FALSE(has_all) << "a small one waits behind it, though there would be room";
  }
  large.join();
  EXPECT_TRUE(has_all);
  EXPECT_EQ(refusal(budget, 10), "");
}

TEST(MemoryBudgetTest, WhoeverIsCancelledWaitsNoLonger) {
  MemoryBudget budget(100);
  const MemoryBudget::Lease all = budget.take(100);
  engine::CancelToken cancel;
  std::string code;
  std::jthread waiter([&] {
    try {
      const MemoryBudget::Lease some = budget.take(1, cancel);
    } catch (const Error& error) {
      code = error.code();
    }
  });
  cancel.cancel();
  waiter.join();
  EXPECT_EQ(code, "CANCELLED");
}

}  // namespace
}  // namespace inpaint::media
