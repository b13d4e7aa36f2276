#pragma once

namespace inpaint::cli {

// Ctrl-C and SIGTERM as something to wait for. Made before the first thread, which inherits that they are
// blocked.
class ShutdownSignal {
 public:
  ShutdownSignal();

  // Returns when the process is told to end. A second signal then ends it at once.
  void wait();
};

}  // namespace inpaint::cli
