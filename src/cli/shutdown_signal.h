#pragma once

#include <functional>

#include "storage/temporary_area.h"

namespace inpaint::cli {

// Ctrl-C, SIGTERM and SIGHUP as something to wait for. Made before the first thread, which inherits that
// they are blocked.
class ShutdownSignal {
 public:
  ShutdownSignal();

  // Returns when the process is told to end; until then calls `on_hang_up` for every SIGHUP, unless the
  // process talks to a terminal: then SIGHUP means that the terminal is gone, and ends it as ever. From then
  // on a second signal ends it at once, and it ends by itself after 9 s, whatever it does.
  void wait(const std::function<void()>& on_hang_up);
};

// Ends the process as if all had come to its end, without waiting for threads that can't be interrupted.
[[noreturn]] void leave(const storage::TemporaryArea& temporary);

}  // namespace inpaint::cli
