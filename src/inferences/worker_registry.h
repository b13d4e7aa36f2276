#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "database/database.h"
#include "inferences/background_loop.h"
#include "inferences/worker.h"

namespace inpaint::inferences {

// A process that works on inferences, as it last told.
struct WorkerProcess {
  std::string id;
  std::string host;
  std::int64_t process_id = 0;
  std::int64_t concurrency = 0;
  std::int64_t busy = 0;  // jobs that it works on
  Timestamp started_at;
  Timestamp seen_at;
  bool is_alive = false;  // it told so a moment ago
};

// Tells the others that this process works, by a row that is renewed every few seconds. For people who look;
// nothing else hangs on it: who holds a job is said by the job's lease.
class WorkerRegistry {
 public:
  WorkerRegistry(database::Database& database, const Worker& worker);

  void start();
  // Takes the row away.
  void stop();

  // Renews the row, and removes those of processes that have been silent for an hour.
  void beat();

 private:
  database::Database& database_;
  const Worker& worker_;
  const std::string id_;
  const Timestamp started_at_;
  BackgroundLoop loop_;
};

// The name of this machine, or of this container, as workers tell it.
std::string host_name();

// In the order in which they started.
std::vector<WorkerProcess> list_workers(database::Database& database);

}  // namespace inpaint::inferences
