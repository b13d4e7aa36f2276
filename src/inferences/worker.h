#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
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
  // back to the queue, to go on elsewhere without the attempt being counted.
  void stop(std::chrono::milliseconds grace);

  unsigned concurrency() const { return thread_count_; }
  // How many jobs are being worked on.
  unsigned busy() const { return busy_; }

 private:
  void run();
  void take_one();

  const Workshop workshop_;
  const unsigned thread_count_;
  std::stop_source stopping_;   // no more jobs
  std::stop_source cancelled_;  // give back what is under way
  std::mutex mutex_;
  std::condition_variable_any changed_;
  unsigned running_ = 0;  // threads
  std::atomic<unsigned> busy_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace inpaint::inferences
