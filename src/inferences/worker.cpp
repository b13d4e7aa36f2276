#include "inferences/worker.h"

#include "base/log.h"

namespace inpaint::inferences {
namespace {

constexpr std::chrono::milliseconds kTakeWait{500};
constexpr std::chrono::seconds kPauseAfterFailure{1};

}  // namespace

Worker::Worker(const Workshop& workshop, unsigned threads) : workshop_(workshop), thread_count_(threads) {}

Worker::~Worker() {
  (void)stop(std::chrono::milliseconds(0));
}

void Worker::start() {
  running_ = thread_count_;
  for (unsigned i = 0; i < thread_count_; ++i) threads_.emplace_back([this] { run(); });
}

bool Worker::stop(std::chrono::milliseconds grace) {
  stopping_.request_stop();
  const auto have_all_ended = [&] {
    std::unique_lock lock(mutex_);
    changed_.notify_all();
    return changed_.wait_for(lock, grace / 2, [this] { return running_ == 0; });
  };
  if (!have_all_ended()) {
    cancelled_.request_stop();
    if (!have_all_ended()) {
      give_back_all();
      return false;
    }
  }
  threads_.clear();
  return true;
}

// What a delivery says to the queue afterwards is of a lease that is over, and counts for nothing.
void Worker::give_back_all() noexcept {
  const std::lock_guard lock(mutex_);
  for (const queue::LeasedJob& job : under_way_) {
    try {
      workshop_.queue.release(job, job.turn);
      log::warn("inferences", "an inference that can't be interrupted is given back",
                {{"inference", job.id.to_string()}});
    } catch (const std::exception& error) {
      // The lease runs out and the job is delivered again.
      log::warn("inferences", "an inference could not be given back",
                {{"inference", job.id.to_string()}, {"reason", std::string(error.what())}});
    }
  }
}

std::size_t Worker::busy() const {
  const std::lock_guard lock(mutex_);
  return under_way_.size();
}

void Worker::run() {
  const std::stop_token stopping = stopping_.get_token();
  while (!stopping.stop_requested()) {
    try {
      take_some();
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

void Worker::take_some() {
  std::optional<queue::LeasedJob> job = workshop_.queue.take(kTakeWait);
  while (job) {
    if (stopping_.stop_requested()) return workshop_.queue.release(*job, job->turn);
    const bool is_done = work_on(*job);
    job = is_done ? workshop_.queue.complete_and_take(*job) : std::nullopt;
  }
}

bool Worker::work_on(const queue::LeasedJob& job) {
  std::unique_lock lock(mutex_);
  const auto place = under_way_.insert(under_way_.end(), job);
  lock.unlock();
  const bool is_done = deliver(workshop_, job, cancelled_.get_token());
  lock.lock();
  under_way_.erase(place);
  return is_done;
}

}  // namespace inpaint::inferences
