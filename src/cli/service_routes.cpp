#include "cli/service_routes.h"

#include <chrono>
#include <functional>

#include "base/log.h"
#include "base/time.h"
#include "http/json.h"

namespace inpaint::cli {
namespace {

using http::Json;
using http::Method;
using http::Request;
using http::Response;

Response about(const Request&) {
  return http::json_response(
      200, {{"name", "P.A. Inpainting"}, {"version", INPAINT_VERSION}, {"status", "running"}});
}

Response health(std::chrono::steady_clock::time_point started) {
  const std::chrono::duration<double> uptime = std::chrono::steady_clock::now() - started;
  return http::json_response(
      200,
      http::object({{"status", "OK"}, {"timestamp", Timestamp::now().to_iso()}, {"uptime", uptime.count()}}));
}

Response ready(Platform& platform) {
  bool all_ready = true;
  const auto answer = [&](std::string_view part, const std::function<void()>& check) -> std::string {
    try {
      check();
      return "OK";
    } catch (const std::exception& error) {
      log::error("errors", "not ready", {{"part", std::string(part)}, {"reason", error.what()}});
      all_ready = false;
      return "UNAVAILABLE";
    }
  };
  const Json checks{{"database", answer("database", [&] { platform.database->check(); })},
                    {"queue", answer("queue", [&] { platform.queue->check(); })},
                    {"storage", answer("storage", [&] { platform.storage->check(); })}};
  Response response = http::json_response(
      all_ready ? 200 : 503,
      {{"success", all_ready}, {"status", all_ready ? "READY" : "UNAVAILABLE"}, {"checks", checks}});
  if (!all_ready) response.headers.set("Retry-After", "5");
  return response;
}

}  // namespace

void add_service_routes(http::Router& router, Platform& platform, Metrics& metrics) {
  router.add(
      {.method = Method::kGet, .pattern = "/", .handler = about, .run_on = http::RunOn::kNetworkThread});
  router.add(
      {.method = Method::kGet,
       .pattern = "/health",
       .handler = [started = std::chrono::steady_clock::now()](const Request&) { return health(started); },
       .run_on = http::RunOn::kNetworkThread});
  // On the pool of files, because a bucket may take long to say that it is not there.
  router.add({.method = Method::kGet,
              .pattern = "/ready",
              .handler = [&](const Request&) { return ready(platform); },
              .run_on = http::RunOn::kFilePool});
  router.add({.method = Method::kGet, .pattern = "/metrics", .handler = [&](const Request&) {
                Response response;
                response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                response.body = metrics.text();
                return response;
              }});
}

}  // namespace inpaint::cli
