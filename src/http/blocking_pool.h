#pragma once

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "http/network.h"

namespace inpaint::http {

// Called, it goes on with a suspended coroutine on the calling thread.
using Resume = asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;

// The bounded pool of threads for what may block. Coroutines reach it through a PoolGate.
class BlockingPool {
 public:
  BlockingPool(unsigned threads, std::size_t queue_limit);
  ~BlockingPool() { join(); }
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Throws kUnavailable OVERLOADED when too much work waits already.
  void enter();
  void leave() { inside_.fetch_sub(1, std::memory_order_relaxed); }

  // Each goes on on a thread of the pool. Leaves the list empty.
  void push(std::vector<Resume>& coroutines);

  // Returns when the work that was begun or waits is done.
  void join();

 private:
  void work();
  // Whether a thread should be woken: one is idle, and none is on its way already. With the lock held.
  bool needs_call();

  const std::size_t limit_;
  std::atomic<std::size_t> inside_ = 0;
  std::mutex mutex_;
  std::condition_variable called_;
  std::deque<Resume> waiting_;
  std::size_t idle_ = 0;
  bool is_calling_ = false;
  bool is_closed_ = false;
  std::vector<std::thread> threads_;
};

// A network thread's way to the pool and back. A request enters once it is to be worked on and leaves when
// that is done; in between its coroutine moves onto the pool for work that does not throw, and back. Pieces
// of a body or a file follow by moving alone. What moves in one turn of the event loop moves together,
// because waking a thread for each costs as much as what most do there. Used on the network thread only, but
// for move_back().
class PoolGate {
 public:
  PoolGate(BlockingPool& pool, asio::io_context& context) : pool_(pool), context_(context) {}

  void enter() { pool_.enter(); }
  void leave() { pool_.leave(); }

  auto move_here() {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [this](Resume resume) { collect(std::move(resume)); }, kAwait);
  }
  auto move_back() { return asio::post(asio::bind_executor(context_.get_executor(), kAwait)); }

 private:
  void collect(Resume resume);

  BlockingPool& pool_;
  asio::io_context& context_;
  std::vector<Resume> moving_;
};

}  // namespace inpaint::http
