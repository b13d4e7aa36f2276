#include "database/silence_guard.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace inpaint::database {
namespace {

using std::chrono::milliseconds;

// How long nothing has been sent or received; zero when the kernel does not say.
milliseconds silence_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return milliseconds(0);
  return milliseconds(std::min(info.tcpi_last_data_sent, info.tcpi_last_data_recv));
}

}  // namespace

SilenceGuard::Watched::Watched(std::shared_ptr<SilenceGuard> guard, int socket)
    : guard_(std::move(guard)), socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
  const std::lock_guard lock(guard_->mutex_);
  guard_->watched_.insert(this);
}

SilenceGuard::Watched::~Watched() {
  {
    const std::lock_guard lock(guard_->mutex_);
    guard_->watched_.erase(this);
  }
  if (socket_ >= 0) ::close(socket_);
}

SilenceGuard::SilenceGuard(milliseconds patience)
    : patience_(patience), thread_([this](const std::stop_token& stopping) { run(stopping); }) {}

void SilenceGuard::run(const std::stop_token& stopping) {
  std::unique_lock lock(mutex_);
  while (!stopping.stop_requested()) {
    changed_.wait_for(lock, stopping, patience_ / 10, [] { return false; });
    end_silent();
  }
}

void SilenceGuard::end_silent() const {
  for (const Watched* watched : watched_) {
    const Clock::time_point since = watched->since_;
    if (since == Watched::kIdle || Clock::now() - since < patience_) continue;
    if (silence_of(watched->socket_) < patience_) continue;
    log::warn("errors", "the database is silent; a connection to it is ended",
              {{"seconds", std::chrono::ceil<std::chrono::seconds>(patience_).count()}});
    ::shutdown(watched->socket_, SHUT_RDWR);
  }
}

}  // namespace inpaint::database
