#include "cli/metrics.h"

#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"

namespace inpaint::cli {
namespace {

constexpr std::initializer_list<double> kSeconds{0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60};

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  long total_pages = 0;
  long resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

Metrics::Metrics(Platform& platform)
    : platform_(platform),
      requests_(prometheus::BuildCounter()
                    .Name("inpaint_http_requests_total")
                    .Help("Requests by method, route and status")
                    .Register(registry_)),
      seconds_(prometheus::BuildHistogram()
                   .Name("inpaint_http_request_seconds")
                   .Help("Time from the request's head to the answer's end, by route")
                   .Register(registry_)),
      jobs_(prometheus::BuildGauge()
                .Name("inpaint_queue_jobs")
                .Help("Jobs of the queue by state")
                .Register(registry_)),
      queue_up_(prometheus::BuildGauge()
                    .Name("inpaint_queue_up")
                    .Help("1 when the queue answers; else its jobs are those of the last time that it did")
                    .Register(registry_)
                    .Add({})),
      resident_bytes_(prometheus::BuildGauge()
                          .Name("process_resident_memory_bytes")
                          .Help("Memory in use")
                          .Register(registry_)
                          .Add({})) {}

void Metrics::observe(const http::RequestObservation& request) {
  const Instruments instruments = find_instruments(request);
  instruments.requests.Increment();
  instruments.seconds.Observe(std::chrono::duration<double>(request.duration).count());
}

Metrics::Instruments Metrics::find_instruments(const http::RequestObservation& request) {
  const std::string status = std::to_string(request.status);
  std::string name;
  name.reserve(64);
  name.append(request.method).append(" ").append(status).append(" ").append(request.route);
  const std::scoped_lock lock(mutex_);
  const auto known = instruments_.find(name);
  if (known != instruments_.end()) return known->second;
  const std::string route(request.route);
  const Instruments made{
      requests_.Add({{"method", std::string(request.method)}, {"route", route}, {"status", status}}),
      seconds_.Add({{"route", route}}, kSeconds)};
  instruments_.emplace(std::move(name), made);
  return made;
}

void Metrics::count_jobs() try {
  const queue::Counts counts = platform_.queue->counts();
  for (const auto& [state, count] :
       {std::pair{"waiting", counts.waiting}, std::pair{"delayed", counts.delayed},
        std::pair{"active", counts.active}, std::pair{"failed", counts.failed},
        std::pair{"completed", counts.completed}}) {
    jobs_.Add({{"state", state}}).Set(static_cast<double>(count));
  }
  queue_up_.Set(1);
} catch (const Error&) {
  queue_up_.Set(0);
}

std::string Metrics::text() {
  count_jobs();
  resident_bytes_.Set(resident_bytes());
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace inpaint::cli
