#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "inferences/delivery.h"

namespace inpaint::inferences {

// Takes jobs from the queue and works on them, `threads` at a time.
class Worker {
 public:
  Worker(const Workshop& workshop, unsigned threads);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();

  // Takes no more jobs. Those under way may finish for half of `grace`; the rest is cancelled and given
  // back to the queue, to go on elsewhere without the attempt being counted. False: a step that can't be
  // interrupted outlasts the other half. Its job is given back too, but its thread is still at work, for
  // which the destructor waits.
  [[nodiscard]] bool stop(std::chrono::milliseconds grace);

  unsigned concurrency() const { return thread_count_; }
  // How many jobs are being worked on.
  std::size_t busy() const;

 private:
  void run();
  void take_some();
  bool work_on(const queue::LeasedJob& job);
  void give_back_all() noexcept;

  const Workshop workshop_;
  const unsigned thread_count_;
  std::stop_source stopping_;   // no more jobs
  std::stop_source cancelled_;  // give back what is under way
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  unsigned running_ = 0;  // threads
  std::list<queue::LeasedJob> under_way_;
  std::vector<std::jthread> threads_;
};

}  // namespace inpaint::inferences
