#include "admin/debug_routes.h"

#include "admin/patterns.h"
#include "http/json.h"
#include "inferences/worker_registry.h"

namespace inpaint::admin {
namespace {

using http::Access;
using http::Json;
using http::Method;
using http::Request;
using http::Response;

Response queue_state(database::Database& database, queue::Queue& queue) {
  const queue::Counts counts = queue.counts();
  Json workers = Json::array();
  for (const inferences::WorkerProcess& worker : inferences::list_workers(database)) {
    workers.push_back({{"id", worker.id},
                       {"host", worker.host},
                       {"processId", worker.process_id},
                       {"concurrency", worker.concurrency},
                       {"busy", worker.busy},
                       {"alive", worker.is_alive},
                       {"startedAt", worker.started_at.to_iso()},
                       {"seenAt", worker.seen_at.to_iso()}});
  }
  return http::json_response(200, {{"data",
                                    {{"counts",
                                      {{"waiting", counts.waiting},
                                       {"delayed", counts.delayed},
                                       {"active", counts.active},
                                       {"completed", counts.completed},
                                       {"failed", counts.failed}}},
                                     {"workers", workers}}}});
}

Response pattern_table() {
  Json data = Json::array();
  for (const Pattern& pattern : patterns()) {
    data.push_back({{"role", pattern.role}, {"playedBy", pattern.played_by}});
  }
  return http::json_response(200, {{"data", data}});
}

}  // namespace

void add_debug_routes(http::Router& router, database::Database& database, queue::Queue& queue) {
  router.add({Method::kGet, "/api/debug/queue", [&](const Request&) { return queue_state(database, queue); },
              Access::kAdministrator});
  router.add({Method::kGet, "/api/debug/patterns", [](const Request&) { return pattern_table(); },
              Access::kAdministrator});
}

}  // namespace inpaint::admin
