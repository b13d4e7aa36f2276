#include "http/rate_limiter.h"

#include <gtest/gtest.h>

namespace inpaint::http {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiterTest, AllowsSoManyInAMinuteFromOneAddress) {
  RateLimiter limiter(2);
  const auto start = RateLimiter::Clock::now();
  EXPECT_EQ(limiter.count("a", start).remaining, 1);
  EXPECT_EQ(limiter.count("a", start).remaining, 0);
  const auto refused = limiter.count("a", start + 30s);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.reset_seconds, 30);
  EXPECT_TRUE(limiter.count("b", start).allowed);
  EXPECT_TRUE(limiter.count("a", start + 60s).allowed);
}

TEST(RateLimiterTest, ZeroIsNoLimit) {
  RateLimiter limiter(0);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(limiter.count("a").allowed);
}

TEST(RateLimiterTest, CountsAnIpv6NetworkAsOneAddress) {
  RateLimiter limiter(1);
  const auto start = RateLimiter::Clock::now();
  EXPECT_TRUE(limiter.count("2001:db8:1:2:3:4:5:6", start).allowed);
  EXPECT_FALSE(limiter.count("2001:db8:1:2::9", start).allowed);
  EXPECT_TRUE(limiter.count("2001:db8:1:3::9", start).allowed);
  EXPECT_TRUE(limiter.count("::ffff:10.0.0.1", start).allowed);
  EXPECT_TRUE(limiter.count("::ffff:10.0.0.2", start).allowed);
}

TEST(RateLimiterTest, MemoryIsBoundedByManyAddresses) {
  RateLimiter limiter(1);
  const auto start = RateLimiter::Clock::now();
  for (int i = 0; i < 300'000; ++i) ASSERT_TRUE(limiter.count(std::to_string(i), start).allowed);
  EXPECT_LE(limiter.addresses(), 100'000U);
}

}  // namespace
}  // namespace inpaint::http
