#include "inferences/worker.h"

#include "base/log.h"

namespace inpaint::inferences {
namespace {

constexpr std::chrono::milliseconds kTakeWait{500};
constexpr std::chrono::seconds kPauseAfterFailure{1};

}  // namespace

Worker::Worker(const Workshop& workshop, unsigned threads) : workshop_(workshop), thread_count_(threads) {}

Worker::~Worker() {
  stop(std::chrono::milliseconds(0));
}

void Worker::start() {
  running_ = thread_count_;
  for (unsigned i = 0; i < thread_count_; ++i) threads_.emplace_back([this] { run(); });
}

void Worker::stop(std::chrono::milliseconds grace) {
  stopping_.request_stop();
  {
    std::unique_lock lock(mutex_);
    changed_.notify_all();
    changed_.wait_for(lock, grace / 2, [this] { return running_ == 0; });
  }
  cancelled_.request_stop();
  threads_.clear();
}

void Worker::run() {
  const std::stop_token stopping = stopping_.get_token();
  while (!stopping.stop_requested()) {
    try {
      take_one();
    } catch (const std::exception& error) {
      log::error("inferences", "no job could be taken from the queue",
                 {{"reason", std::string(error.what())}});
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stopping, kPauseAfterFailure, [] { return false; });
    }
  }
  const std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

void Worker::take_one() {
  const std::optional<queue::LeasedJob> job = workshop_.queue.take(kTakeWait);
  if (!job) return;
  if (stopping_.stop_requested()) return workshop_.queue.release(*job);
  ++busy_;
  deliver(workshop_, *job, cancelled_.get_token());
  --busy_;
}

}  // namespace inpaint::inferences
