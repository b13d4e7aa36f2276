#include "accounts/login_throttle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/error.h"

namespace inpaint::accounts {
namespace {

class LoginThrottleTest : public testing::Test {
 protected:
  // A wrong password.
  bool allowed(const std::string& email, const std::string& address, int seconds = 0) {
    try {
      const auto now = start_ + std::chrono::seconds(seconds);
      throttle_.begin(email, address, now).failed(now);
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kTooManyRequests);
      EXPECT_EQ(error.details().at(0).field, "retryAfter");
      return false;
    }
  }
  LoginThrottle throttle_;
  LoginThrottle::Clock::time_point start_ = LoginThrottle::Clock::now();
};

TEST_F(LoginThrottleTest, trap_F7_ten_failures_then_no_more_until_the_window_ends) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(allowed("a@b.co", "10.0.0.1", i));
  EXPECT_FALSE(allowed("a@b.co", "10.0.0.1", 11));
  EXPECT_TRUE(allowed("a@b.co", "10.0.0.2", 11));  // its owner elsewhere is not locked out
  EXPECT_TRUE(allowed("c@b.co", "10.0.0.1", 11));
  EXPECT_TRUE(allowed("a@b.co", "10.0.0.1", 301));
}

TEST_F(LoginThrottleTest, success_forgets) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(allowed("a@b.co", "10.0.0.1"));
    throttle_.begin("a@b.co", "10.0.0.1").succeeded();
  }
}

TEST_F(LoginThrottleTest, counts_an_account_over_all_addresses_and_an_address_over_all_accounts) {
  int tried = 0;
  while (tried < 1000 && allowed("a@b.co", "10.0.1." + std::to_string(tried))) ++tried;
  EXPECT_EQ(tried, 100);
  tried = 0;
  while (tried < 1000 && allowed(std::to_string(tried) + "@b.co", "10.9.9.9")) ++tried;
  EXPECT_EQ(tried, 200);
}

TEST_F(LoginThrottleTest, logins_under_way_are_no_failures) {
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&] {
      LoginThrottle::Attempt attempt = throttle_.begin("a@b.co", "10.0.0.1");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      attempt.succeeded();
      ++succeeded;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 40);
}

TEST_F(LoginThrottleTest, trap_F7_parallel_guesses_are_no_more_than_others) {
  std::atomic<int> guessed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&] {
      try {
        LoginThrottle::Attempt attempt = throttle_.begin("a@b.co", "10.0.0.1");
        ++guessed;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        attempt.failed();
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), "TOO_MANY_LOGINS");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(guessed, 10);
}

TEST_F(LoginThrottleTest, what_ends_without_an_answer_counts_for_nothing) {
  for (int i = 0; i < 50; ++i) throttle_.begin("a@b.co", "10.0.0.1");
  EXPECT_TRUE(allowed("a@b.co", "10.0.0.1"));
}

}  // namespace
}  // namespace inpaint::accounts
