#include "client/backoff.h"

#include <gtest/gtest.h>

namespace inpaint::client {
namespace {

using namespace std::chrono_literals;

TEST(BackoffTest, PausesDoubleUpToTheLongest) {
  Backoff backoff(100ms, 350ms);
  for (const auto limit : {100ms, 200ms, 350ms, 350ms}) {
    const auto pause = backoff.next();
    EXPECT_GE(pause, limit / 2);
    EXPECT_LE(pause, limit);
  }
}

TEST(BackoffTest, ThoseWhoFailTogetherDoNotComeBackTogether) {
  Backoff one(100'000ms, 100'000ms);
  Backoff other(100'000ms, 100'000ms);
  EXPECT_NE(one.next(), other.next());
}

TEST(BackoffTest, APauseEndsWhenItIsCancelled) {
  const auto begin = std::chrono::steady_clock::now();
  int asked = 0;
  pause(60s, [&] { return ++asked == 3; });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  pause(30ms, nullptr);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
}

}  // namespace
}  // namespace inpaint::client
