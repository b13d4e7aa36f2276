#include "http/blocking_pool.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <latch>

#include "base/error.h"

namespace inpaint::http {
namespace {

// A coroutine that works on the pool and comes back.
template <typename Work>
Task<void> cross(PoolGate& gate, Work work) {
  const auto network_thread = std::this_thread::get_id();
  co_await gate.move_here();
  EXPECT_NE(std::this_thread::get_id(), network_thread);
  work();
  co_await gate.move_back();
  EXPECT_EQ(std::this_thread::get_id(), network_thread);
}

TEST(BlockingPoolTest, brings_everybody_there_and_back) {
  asio::io_context context{1};
  BlockingPool pool(3, 0);
  PoolGate gate(pool, context);
  std::atomic<int> worked = 0;
  for (int i = 0; i < 500; ++i) asio::co_spawn(context, cross(gate, [&] { ++worked; }), asio::detached);
  context.run();
  EXPECT_EQ(worked, 500);
}

TEST(BlockingPoolTest, works_on_as_much_at_once_as_it_has_threads) {
  constexpr int kThreads = 4;
  asio::io_context context{1};
  BlockingPool pool(kThreads, 0);
  PoolGate gate(pool, context);
  for (int round = 0; round < 50; ++round) {
    std::latch all_there(kThreads);  // each is held up until the last has begun
    for (int i = 0; i < kThreads; ++i) {
      asio::co_spawn(context, cross(gate, [&] { all_there.arrive_and_wait(); }), asio::detached);
    }
    context.run();
    context.restart();
  }
}

TEST(BlockingPoolTest, refuses_to_be_entered_by_more_than_its_threads_and_its_queue) {
  BlockingPool pool(1, 2);
  for (int i = 0; i < 3; ++i) pool.enter();
  EXPECT_THROW(pool.enter(), Error);
  pool.leave();
  EXPECT_NO_THROW(pool.enter());
}

}  // namespace
}  // namespace inpaint::http
