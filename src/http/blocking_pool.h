#pragma once

#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>

#include "base/error.h"
#include "http/network.h"

namespace inpaint::http {

// The bounded pool for what may block. A request enters once it is to be worked on and leaves when that is
// done; in between its coroutine moves onto the pool for work that does not throw, and back to its network
// thread. Pieces of a body or a file follow by moving alone.
class BlockingPool {
 public:
  BlockingPool(unsigned threads, std::size_t queue_limit)
      : threads_(threads), limit_(threads + queue_limit) {}

  // Throws kUnavailable OVERLOADED when too much work waits already.
  void enter() {
    if (inside_.fetch_add(1, std::memory_order_relaxed) < limit_) return;
    leave();
    throw Error(ErrorKind::kUnavailable, "OVERLOADED", "The service is busy. Try again in a moment.");
  }
  void leave() { inside_.fetch_sub(1, std::memory_order_relaxed); }

  auto move_here() { return asio::post(asio::bind_executor(threads_.get_executor(), kAwait)); }
  static auto move_back(const Executor& executor) {
    return asio::post(asio::bind_executor(executor, kAwait));
  }

  // Returns when the work that was begun or waits is done.
  void join() { threads_.join(); }

 private:
  asio::thread_pool threads_;
  const std::size_t limit_;
  std::atomic<std::size_t> inside_ = 0;
};

}  // namespace inpaint::http
