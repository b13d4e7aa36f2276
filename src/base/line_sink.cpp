#include "base/line_sink.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace inpaint::log {
namespace {

constexpr std::size_t kMaximumWaiting = 64 * 1024;

// For the scope: a thread that begins in it takes no signal. One that is to end the process would end it at
// once if it met a thread that lets it in.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

LineSink::LineSink(int descriptor) : descriptor_(descriptor) {
  const NoSignals none;
  writer_ = std::jthread([this](const std::stop_token& stop) { write_after_delay(stop); });
}

LineSink::~LineSink() {
  writer_.request_stop();
  writer_.join();
  flush_();
}

void LineSink::sink_it_(const spdlog::details::log_msg& message) {
  const bool was_empty = lines_.size() == 0;
  formatter_->format(message, lines_);
  if (message.level >= spdlog::level::warn || lines_.size() >= kMaximumWaiting) {
    flush_();
  } else if (was_empty) {
    has_lines_.notify_one();
  }
}

void LineSink::flush_() {
  const char* next = lines_.data();
  std::size_t left = lines_.size();
  while (left > 0) {
    const auto written = ::write(descriptor_, next, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;  // nobody is left to tell
    next += written;
    left -= static_cast<std::size_t>(written);
  }
  lines_.clear();
}

void LineSink::write_after_delay(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (has_lines_.wait(lock, stop, [this] { return lines_.size() > 0; })) {
    has_lines_.wait_for(lock, stop, kDelay, [] { return false; });
    flush_();
  }
}

}  // namespace inpaint::log
