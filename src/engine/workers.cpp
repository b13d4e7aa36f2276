#include "engine/workers.h"

#include <hwy/cache_control.h>

#include "base/error.h"

namespace inpaint::engine {
namespace {

// About as long as it takes to wake a thread: the next round often begins, and the last piece often ends,
// sooner.
constexpr int kSpins = 1000;

}  // namespace

void throw_if_cancelled(const CancelToken& cancel) {
  if (cancel.cancelled()) throw conflict("CANCELLED", "The work was cancelled.");
}

Workers::Workers(int threads, const CancelToken& cancel) : cancel_(cancel) {
  for (int i = 1; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

Workers::~Workers() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

template <typename Condition>
void Workers::spin_until(const Condition& condition) {
  for (int i = 0; i < kSpins && !condition(); ++i) hwy::Pause();
}

void Workers::each(int count, const std::function<void(int)>& piece) {
  {
    const std::scoped_lock lock(mutex_);
    piece_ = &piece;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    ++round_;
  }
  if (count > 1) wake_.notify_all();
  take_pieces();
  spin_until([this] { return busy_ == 0; });
  {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [this] { return busy_ == 0; });
    piece_ = nullptr;
  }
  throw_if_cancelled();
}

void Workers::throw_if_cancelled() const {
  engine::throw_if_cancelled(cancel_);
}

void Workers::take_pieces() {
  while (!cancel_.cancelled()) {
    const int number = next_.fetch_add(1, std::memory_order_relaxed);
    if (number >= count_) return;
    (*piece_)(number);
  }
}

void Workers::serve() {
  std::uint64_t seen = 0;
  while (true) {
    spin_until([&] { return stopping_ || round_ != seen; });
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stopping_ || (round_ != seen && piece_ != nullptr); });
    if (stopping_) return;
    seen = round_;
    ++busy_;
    lock.unlock();
    take_pieces();
    lock.lock();
    if (--busy_ == 0) finished_.notify_one();
  }
}

}  // namespace inpaint::engine
