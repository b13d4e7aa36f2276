#pragma once

#include "http/blocking_pool.h"
#include "http/router.h"

namespace inpaint::http {

// The pools of a server, one for each kind of work: see RunOn.
struct Pools {
  BlockingPool blocking;
  BlockingPool slow;
  BlockingPool upload;
  BlockingPool file;

  void join() {
    for (BlockingPool* pool : {&blocking, &slow, &upload, &file}) pool->join();
  }
};

// A network thread's ways to them.
struct Gates {
  Gates(Pools& pools, asio::io_context& context)
      : blocking(pools.blocking, context),
        slow(pools.slow, context),
        upload(pools.upload, context),
        file(pools.file, context) {}

  // Not for kNetworkThread, which goes nowhere.
  PoolGate& of(RunOn run_on) {
    switch (run_on) {
      case RunOn::kSlowPool:
        return slow;
      case RunOn::kUploadPool:
        return upload;
      case RunOn::kFilePool:
        return file;
      case RunOn::kBlockingPool:
      case RunOn::kNetworkThread:
        break;
    }
    return blocking;
  }

  PoolGate blocking;
  PoolGate slow;
  PoolGate upload;
  PoolGate file;
};

}  // namespace inpaint::http
