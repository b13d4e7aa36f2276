#pragma once

#include <functional>

namespace inpaint::cli {

// Ctrl-C, SIGTERM and SIGHUP as something to wait for. Made before the first thread, which inherits that
// they are blocked.
class ShutdownSignal {
 public:
  ShutdownSignal();

  // Returns when the process is told to end; until then calls `on_hang_up` for every SIGHUP, unless the
  // process talks to a terminal: then SIGHUP means that the terminal is gone, and ends it as ever. From then
  // on a second signal ends it at once, and it ends by itself within 9 s: a large picture that is being
  // worked on can't be interrupted, but its job is delivered again when its lease runs out, as after a crash.
  void wait(const std::function<void()>& on_hang_up);
};

}  // namespace inpaint::cli
