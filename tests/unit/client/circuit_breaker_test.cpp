#include "client/circuit_breaker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace inpaint::client {
namespace {

using namespace std::chrono_literals;

class CircuitBreakerTest : public testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) breaker_.failed(now_);
  }

  CircuitBreaker breaker_{"a test", 3, 5s};
  CircuitBreaker::Clock::time_point now_ = CircuitBreaker::Clock::now();
};

TEST_F(CircuitBreakerTest, LetsCallsThroughWhileTheySucceedNowAndThen) {
  for (int i = 0; i < 10; ++i) {
    fail(2);
    EXPECT_EQ(breaker_.ask(now_), 0ms);
    breaker_.succeeded();
  }
}

TEST_F(CircuitBreakerTest, AfterTheThresholdCallsWait) {
  fail(3);
  EXPECT_EQ(breaker_.ask(now_), 5s);
  EXPECT_EQ(breaker_.ask(now_ + 2s), 3s);
  EXPECT_EQ(breaker_.ask(now_ + 4'999ms), 1ms);
}

TEST_F(CircuitBreakerTest, OneCallInEveryCoolDownTries) {
  fail(3);
  EXPECT_EQ(breaker_.ask(now_ + 5s), 0ms);
  EXPECT_EQ(breaker_.ask(now_ + 5s), 5s);
  breaker_.failed(now_ + 6s);
  EXPECT_EQ(breaker_.ask(now_ + 7s), 4s);
}

TEST_F(CircuitBreakerTest, ATryThatNeverTellsCostsOnlyItsTurn) {
  fail(3);
  EXPECT_EQ(breaker_.ask(now_ + 5s), 0ms);
  EXPECT_EQ(breaker_.ask(now_ + 10s), 0ms);
}

TEST_F(CircuitBreakerTest, ASuccessClosesIt) {
  fail(30);
  EXPECT_EQ(breaker_.ask(now_ + 5s), 0ms);
  breaker_.succeeded();
  EXPECT_EQ(breaker_.ask(now_ + 5s), 0ms);
  fail(2);
  EXPECT_EQ(breaker_.ask(now_ + 5s), 0ms);
}

TEST_F(CircuitBreakerTest, OfManyThreadsOneTries) {
  fail(3);
  std::atomic<int> tries = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] { tries += breaker_.ask(now_ + 5s) == 0ms; });
    }
  }
  EXPECT_EQ(tries, 1);
}

}  // namespace
}  // namespace inpaint::client
