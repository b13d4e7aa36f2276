#include "inferences/background_loop.h"

#include <utility>

#include "base/log.h"

namespace inpaint::inferences {

BackgroundLoop::BackgroundLoop(std::string name, std::chrono::milliseconds interval,
                               std::function<void()> work)
    : name_(std::move(name)), interval_(interval), work_(std::move(work)) {}

void BackgroundLoop::start() {
  thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
}

void BackgroundLoop::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void BackgroundLoop::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void BackgroundLoop::run(const std::stop_token& stopping) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stopping, interval_, [this] { return woken_; });
      woken_ = false;
    }
    if (stopping.stop_requested()) return;
    work_once();
  }
}

void BackgroundLoop::work_once() noexcept {
  try {
    work_();
  } catch (const std::exception& error) {
    log::warn("inferences", "background work failed; it will be tried again",
              {{"work", name_}, {"reason", std::string(error.what())}});
  }
}

}  // namespace inpaint::inferences
