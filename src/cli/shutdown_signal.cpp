#include "cli/shutdown_signal.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace inpaint::cli {
namespace {

constexpr unsigned kPatienceSeconds = 9;

sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (::isatty(STDERR_FILENO) == 0) sigaddset(&signals, SIGHUP);
  return signals;
}

}  // namespace

ShutdownSignal::ShutdownSignal() {
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void ShutdownSignal::wait(const std::function<void()>& on_hang_up) {
  const sigset_t signals = awaited_signals();
  int received = 0;
  while (sigwait(&signals, &received) != 0 || received == SIGHUP) {
    if (received == SIGHUP) on_hang_up();
  }
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  std::signal(SIGALRM, [](int) { std::_Exit(EXIT_SUCCESS); });
  ::alarm(kPatienceSeconds);
}

void leave(const storage::TemporaryArea& temporary) {
  std::error_code ignored;
  std::filesystem::remove_all(temporary.path(), ignored);
  std::_Exit(EXIT_SUCCESS);
}

}  // namespace inpaint::cli
