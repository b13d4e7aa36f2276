#include <algorithm>
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
  log::info("service", "stopped");
  return 0;
}

int check_worker(const Config& config) {
  const auto database = open_present_database(config);
  const std::string host = inferences::host_name();
  const auto workers = inferences::list_workers(*database);
  const auto here = std::count_if(workers.begin(), workers.end(),
                                  [&](const auto& worker) { return worker.is_alive && worker.host == host; });
  std::printf("workers alive on %s: %td\n", host.c_str(), here);
  return here > 0 ? 0 : 1;
}

}  // namespace inpaint::cli
