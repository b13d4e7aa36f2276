#include <algorithm>
#include <cstdio>
#include <thread>

#include "accounts/password.h"
#include "base/log.h"
#include "base/machine.h"
#include "cli/commands.h"
#include "cli/dotenv.h"
#include "cli/features.h"
#include "cli/secret.h"
#include "cli/shutdown_signal.h"
#include "http/server.h"

namespace inpaint::cli {
namespace {

using namespace std::chrono_literals;

// Each under the 10 s after which whoever stops us loses patience.
constexpr auto kRequestGrace = 2s;
constexpr auto kWorkGrace = 7s;
constexpr std::size_t kAdministratorPasswordLength = 16;

http::ServerOptions server_options(const Config& config, const Platform& platform, Metrics& metrics) {
  const unsigned cores = machine().cores;
  http::ServerOptions options;
  options.host = config.host;
  options.port = config.port;
  options.network_threads = std::max(1U, cores / 2);
  options.blocking_threads = std::max(4U, 2 * cores);
  options.slow_threads = cores;
  options.upload_threads = options.blocking_threads;
  options.file_threads = options.blocking_threads;
  options.upload_limit_bytes = config.maximum_upload_bytes;
  options.requests_per_minute = config.requests_per_minute;
  options.trusted_proxies = config.trusted_proxies;
  options.connections_per_address = config.connections_per_address;
  options.streams_per_address = config.streams_per_address;
  options.temporary_directory = platform.temporary.path();
  options.minimum_free_bytes = config.minimum_free_bytes;
  options.observe = [&metrics](const http::RequestObservation& request) { metrics.observe(request); };
  return options;
}

// Hashing a password takes a quarter of a second, and the server need not wait for it.
void prepare_administrator(const Config& config, accounts::Service& accounts) {
  const bool made_here = config.administrator_password.empty();
  accounts::Registration registration{
      config.administrator_name, config.administrator_surname, config.administrator_email,
      made_here ? accounts::make_password(kAdministratorPasswordLength) : config.administrator_password,
      accounts::Role::kAdministrator};
  accounts.prepare_administrator(std::move(registration), [made_here](const accounts::Registration& made) {
    std::printf("Administrator: %s, password: %s\n", made.email.c_str(),
                made_here ? (made.password + " (shown only now: keep it)").c_str() : "as configured");
    std::fflush(stdout);
  });
}

}  // namespace

int serve(const Config& config) {
  ShutdownSignal shutdown;
  Platform platform(config);
  const std::string secret = config.jwt_secret.empty()
                                 ? load_or_make_secret(config.data_directory / "jwt_secret")
                                 : config.jwt_secret;
  Features features(config, platform, secret);
  Metrics metrics(platform);
  BackgroundWork background(config, platform);
  http::Server server(server_options(config, platform, metrics), make_router(features, platform, metrics),
                      make_authentication(features, platform));

  prepare_administrator(config, features.accounts);
  const std::uint16_t port = server.start();
  std::printf("inpaint %s\nListening on http://%s:%u\n", INPAINT_VERSION, config.host.c_str(),
              unsigned{port});
  std::fflush(stdout);
  background.start();

  shutdown.wait([] { reload_log_level(); });
  log::info("service", "shutting down");
  // Side by side: a request that can't be interrupted, either, must not keep inferences from being given
  // back.
  std::jthread requests([&] { server.stop(kRequestGrace); });
  if (!background.stop(kWorkGrace)) leave(platform.temporary);
  requests.join();
  log::info("service", "stopped");
  return 0;
}

}  // namespace inpaint::cli
