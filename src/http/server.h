#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "http/authentication.h"
#include "http/router.h"

namespace inpaint::http {

// A request that was answered, for metrics.
struct RequestObservation {
  std::string_view method;
  std::string_view route;  // the pattern, or "unmatched"
  int status = 0;
  std::chrono::steady_clock::duration duration{};
};

struct ServerOptions {
  std::string host = "0.0.0.0";
  std::uint16_t port = 3000;  // 0: the system chooses
  unsigned network_threads = 1;
  unsigned blocking_threads = 4;
  std::size_t blocking_queue_limit = 256;  // more waiting work than this is answered 503 with Retry-After
  unsigned slow_threads = 2;               // besides those, for RunOn::kSlowPool …
  std::size_t slow_queue_limit = 64;       // … and its own line
  unsigned upload_threads = 4;             // the same for RunOn::kUploadPool
  std::size_t upload_queue_limit = 256;
  unsigned file_threads = 4;  // and for RunOn::kFilePool
  std::size_t file_queue_limit = 256;
  std::size_t connection_limit = 10'000;
  std::size_t connections_per_address = 0;  // 0: no limit
  std::size_t streams_per_address = 0;      // of events; 0: no limit
  std::int64_t header_limit_bytes = 16 * 1024;
  std::int64_t json_limit_bytes = 1024 * 1024;
  std::int64_t upload_limit_bytes = 2LL * 1024 * 1024 * 1024;
  std::chrono::milliseconds header_timeout{10'000};        // whole head, however slowly its bytes drip in
  std::chrono::milliseconds idle_timeout{60'000};          // keep-alive without a request
  std::int64_t minimum_bytes_per_second = 1024;            // bodies and answers slower than this …
  std::chrono::milliseconds rate_window{10'000};           // … over this time are cut off
  std::int64_t requests_per_minute = 12'000;               // per address; 0: no limit
  unsigned trusted_proxies = 0;                            // see client_address
  std::filesystem::path temporary_directory;               // for uploads; exists
  std::int64_t minimum_free_bytes = 0;                     // that uploads leave on its file system
  std::function<void(const RequestObservation&)> observe;  // called on network threads; may be empty
};

class Server {
 public:
  Server(const ServerOptions& options, Router router, Authentication authentication);
  ~Server();

  // Binds and listens; throws kUnavailable with a sentence when the port is taken. Returns the port.
  std::uint16_t start();
  // Stops accepting, lets requests under way finish for at most `grace`, ends event streams, closes all.
  void stop(std::chrono::milliseconds grace);

  // Open at the moment.
  std::size_t connections() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace inpaint::http
