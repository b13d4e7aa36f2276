#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <mutex>
#include <string>
#include <unordered_map>

#include "cli/platform.h"
#include "http/server.h"

namespace inpaint::cli {

// What /metrics tells Prometheus: requests by route and status, their times, and what waits in the queue.
// Thread-safe.
class Metrics {
 public:
  explicit Metrics(Platform& platform);

  void observe(const http::RequestObservation& request);

  // The text format, with the queue counted at the moment of asking.
  std::string text();

 private:
  struct Instruments {
    prometheus::Counter& requests;
    prometheus::Histogram& seconds;
  };
  Instruments find_instruments(const http::RequestObservation& request);
  void count_jobs();

  Platform& platform_;
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Gauge>& jobs_;
  prometheus::Gauge& queue_up_;
  prometheus::Gauge& resident_bytes_;
  // By "method status route", because the registry takes a map of labels to find them, at every request.
  std::mutex mutex_;
  std::unordered_map<std::string, Instruments> instruments_;
};

}  // namespace inpaint::cli
