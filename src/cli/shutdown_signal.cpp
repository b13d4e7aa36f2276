#include "cli/shutdown_signal.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace inpaint::cli {
namespace {

constexpr unsigned kPatienceSeconds = 9;

sigset_t shutdown_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

ShutdownSignal::ShutdownSignal() {
  const sigset_t signals = shutdown_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void ShutdownSignal::wait() {
  const sigset_t signals = shutdown_signals();
  int received = 0;
  sigwait(&signals, &received);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  std::signal(SIGALRM, [](int) { std::_Exit(EXIT_SUCCESS); });
  ::alarm(kPatienceSeconds);
}

}  // namespace inpaint::cli
