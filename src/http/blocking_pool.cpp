#include "http/blocking_pool.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"

namespace inpaint::http {

BlockingPool::BlockingPool(unsigned threads, std::size_t queue_limit) : limit_(threads + queue_limit) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

void BlockingPool::enter() {
  if (inside_.fetch_add(1, std::memory_order_relaxed) < limit_) return;
  leave();
  throw Error(ErrorKind::kUnavailable, "OVERLOADED", "The service is busy. Try again in a moment.");
}

void BlockingPool::push(std::vector<Resume>& coroutines) {
  bool call = false;
  {
    const std::scoped_lock lock(mutex_);
    std::move(coroutines.begin(), coroutines.end(), std::back_inserter(waiting_));
    call = needs_call();
  }
  coroutines.clear();
  if (call) called_.notify_one();
}

void BlockingPool::join() {
  {
    const std::scoped_lock lock(mutex_);
    is_closed_ = true;
  }
  called_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

// Who takes work and sees more of it calls the next, so that what blocks one thread does not hold up the
// rest.
void BlockingPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (waiting_.empty() && !is_closed_) {
      ++idle_;
      called_.wait(lock);
      --idle_;
      is_calling_ = false;
    }
    if (waiting_.empty()) return;
    Resume resume = std::move(waiting_.front());
    waiting_.pop_front();
    const bool call = needs_call();
    lock.unlock();
    if (call) called_.notify_one();
    resume();
    lock.lock();
  }
}

bool BlockingPool::needs_call() {
  if (waiting_.empty() || idle_ == 0 || is_calling_) return false;
  is_calling_ = true;
  return true;
}

void PoolGate::collect(Resume resume) {
  if (moving_.empty()) asio::post(context_, [this] { pool_.push(moving_); });  // behind what is ready now
  moving_.push_back(std::move(resume));
}

}  // namespace inpaint::http
