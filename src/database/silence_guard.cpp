#include "database/silence_guard.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace inpaint::database {
namespace {

using std::chrono::milliseconds;

// How long nothing has been sent or received; zero when the kernel does not say, or when what was received is
// still to be read.
milliseconds silence_of(int socket) {
  int unread = 0;
  if (::ioctl(socket, FIONREAD, &unread) != 0 || unread > 0) return milliseconds(0);
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

// A look that comes late says that this process stood still itself, and heard nothing for that reason.
void SilenceGuard::run(const std::stop_token& stopping) {
  const milliseconds interval = patience_ / 10;
  std::unique_lock lock(mutex_);
  while (!stopping.stop_requested()) {
    const auto begin = Clock::now();
    stopping_.wait_for(lock, stopping, interval, [] { return false; });
    if (Clock::now() - begin < 2 * interval) end_silent();
  }
}

void SilenceGuard::end_silent() const {
  const auto is_silent = [this](const Watched* watched) { return this->is_silent(*watched); };
  if (std::none_of(watched_.begin(), watched_.end(), is_silent)) return;
  log::warn("errors", "the database is silent; connections to it are ended",
            {{"seconds", std::chrono::ceil<std::chrono::seconds>(patience_).count()}});
  for (const Watched* watched : watched_) {
    if (watched->since_.load() == Watched::kIdle || is_silent(watched))
      ::shutdown(watched->socket_, SHUT_RDWR);
  }
}

bool SilenceGuard::is_silent(const Watched& watched) const {
  const Clock::time_point since = watched.since_;
  return since != Watched::kIdle && Clock::now() - since >= patience_ &&
         silence_of(watched.socket_) >= patience_;
}

}  // namespace inpaint::database
