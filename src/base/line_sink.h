#pragma once

#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace inpaint::log {

// Collects lines and writes them to a file descriptor together, because a system call for each would cost
// more than making the line. A line waits at most kDelay; a warning or worse is written at once, with what
// was said before it; the destructor writes the rest. Only a process that is killed loses lines, those of its
// last kDelay.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  static constexpr auto kDelay = std::chrono::milliseconds(100);

  explicit LineSink(int descriptor);
  ~LineSink() override;
  LineSink(const LineSink&) = delete;
  LineSink& operator=(const LineSink&) = delete;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;

 private:
  void write_after_delay(const std::stop_token& stop);

  const int descriptor_;
  spdlog::memory_buf_t lines_;  // guarded by the base's mutex_
  std::condition_variable_any has_lines_;
  std::jthread writer_;
};

}  // namespace inpaint::log
