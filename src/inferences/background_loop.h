#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace inpaint::inferences {

// Calls `work` on a thread of its own, every `interval` and whenever it is woken. What `work` throws is
// logged, and the next turn tries again.
class BackgroundLoop {
 public:
  BackgroundLoop(std::string name, std::chrono::milliseconds interval, std::function<void()> work);
  ~BackgroundLoop() { stop(); }
  BackgroundLoop(const BackgroundLoop&) = delete;
  BackgroundLoop& operator=(const BackgroundLoop&) = delete;

  void start();
  void wake();
  // Returns when no work is under way any more.
  void stop();

 private:
  void run(const std::stop_token& stopping);
  void work_once() noexcept;

  const std::string name_;
  const std::chrono::milliseconds interval_;
  const std::function<void()> work_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;
  std::jthread thread_;
};

}  // namespace inpaint::inferences
