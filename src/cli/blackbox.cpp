#include <algorithm>
#include <cstdio>
#include <thread>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/dotenv.h"
#include "cli/shutdown_signal.h"
#include "http/server.h"
#include "inferences/blackbox_routes.h"
#include "inferences/in_process_backend.h"

namespace inpaint::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kGrace = 8s;
constexpr std::int64_t kOrderLimitBytes = 32LL << 20;  // of the longest one with the longest paths

http::ServerOptions server_options(const Config& config, const std::filesystem::path& temporary) {
  http::ServerOptions options;
  options.host = config.blackbox_listen_host;
  options.port = config.blackbox_listen_port;
  options.blocking_threads = std::max(1U, config.worker_concurrency);
  options.json_limit_bytes = kOrderLimitBytes;
  options.requests_per_minute = 0;  // its only client is ours
  options.temporary_directory = temporary;
  return options;
}

}  // namespace

int serve_blackbox(const Config& config) {
  ShutdownSignal shutdown;
  const inferences::SharedDirectory shared(blackbox_directory(config));
  media::MemoryBudget memory(config.inference_memory_bytes);
  const inferences::InProcessBackend backend(media::Limits{.maximum_pixels = config.maximum_pixels}, memory,
                                             config.inference_timeout);
  engine::CancelToken cancel;
  http::Router router;
  inferences::add_blackbox_routes(router, backend, shared, cancel);
  http::Server server(server_options(config, shared.root()), std::move(router), {});
  const std::uint16_t port = server.start();
  std::printf("inpaint %s\nA black box on http://%s:%u for the files in %s\n", INPAINT_VERSION,
              config.blackbox_listen_host.c_str(), unsigned{port}, shared.root().c_str());
  std::fflush(stdout);

  shutdown.wait([] { reload_log_level(); });
  log::info("service", "shutting down");
  cancel.cancel();
  server.stop(kGrace);
  log::info("service", "stopped");
  return 0;
}

}  // namespace inpaint::cli
