#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>

namespace inpaint::database {

// Ends connections on which a server has been silent for longer than it may be. A server that hangs keeps its
// socket open and its kernel acknowledges what is sent, so neither keepalives nor TCP's own time limits
// notice; and libpq waits for an answer without an end. Silence is what the kernel says of the socket, so it
// costs the work nothing. With one that is silent at work go all that are idle, which are hardly better.
// Sockets that are not TCP are never ended.
class SilenceGuard {
 public:
  using Clock = std::chrono::steady_clock;

  explicit SilenceGuard(std::chrono::milliseconds patience);

  // A connection's socket, watched for as long as this lives, while somebody works on it.
  class Watched {
   public:
    // The socket stays the caller's; begins as worked on.
    Watched(std::shared_ptr<SilenceGuard> guard, int socket);
    ~Watched();
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    void work_begins() { since_ = Clock::now(); }
    void work_ends() { since_ = kIdle; }

   private:
    friend class SilenceGuard;
    static constexpr Clock::time_point kIdle = Clock::time_point::max();

    const std::shared_ptr<SilenceGuard> guard_;
    const int socket_;  // a duplicate, because the driver closes its own when it sees an error
    std::atomic<Clock::time_point> since_{Clock::now()};
  };

 private:
  void run(const std::stop_token& stopping);
  void end_silent() const;
  bool is_silent(const Watched& watched) const;

  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable_any stopping_;
  std::unordered_set<const Watched*> watched_;
  std::jthread thread_;
};

}  // namespace inpaint::database
