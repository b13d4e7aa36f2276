#include <cstdio>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/dotenv.h"
#include "cli/platform.h"
#include "cli/shutdown_signal.h"

namespace inpaint::cli {

int work(const Config& config) {
  ShutdownSignal shutdown;
  Platform platform(config);
  BackgroundWork background(config, platform);
  background.start();
  std::printf("inpaint %s\nWorking on inferences in %s, %u at a time\n", INPAINT_VERSION,
              database_name(config).c_str(), config.worker_concurrency);
  std::fflush(stdout);

  shutdown.wait([] { reload_log_level(); });
  log::info("service", "shutting down");
  if (!background.stop(std::chrono::seconds(7))) leave(platform.temporary);
  return 0;
}

}  // namespace inpaint::cli
