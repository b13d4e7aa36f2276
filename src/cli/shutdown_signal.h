#pragma once

namespace inpaint::cli {

// Ctrl-C and SIGTERM as something to wait for. Made before the first thread, which inherits that they are
// blocked.
class ShutdownSignal {
 public:
  ShutdownSignal();

  // Returns when the process is told to end. From then on a second signal ends it at once, and it ends by
  // itself within 9 s: a large picture that is being worked on can't be interrupted, but its job is delivered
  // again when its lease runs out, as after a crash.
  void wait();
};

}  // namespace inpaint::cli
