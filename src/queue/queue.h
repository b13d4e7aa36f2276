// queue/ delivers a job at least once: embedded in the database now, BullMQ on Redis behind the same
// interface later. It knows nothing of what a job means; the database row of the inference is the truth
// and the queue only a bell. It uses database/ and base/.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/uuid.h"

namespace inpaint::database {
class Database;
}

namespace inpaint::queue {

// A job that this worker holds until its lease runs out; `lease` is a secret token of this delivery.
struct LeasedJob {
  InferenceId id;
  int attempt = 1;  // 1 for the first delivery
  std::string lease;
};

struct Counts {
  std::int64_t waiting = 0;
  std::int64_t delayed = 0;
  std::int64_t active = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
};

struct Options {
  int maximum_attempts = 3;
  std::chrono::milliseconds lease{10'000};  // a job whose lease is not extended for this long is redelivered
  std::chrono::milliseconds first_backoff{1'000};  // doubles with each attempt
  std::chrono::hours keep_finished{7 * 24};
  std::int64_t keep_finished_count = 10'000;
};

enum class FailOutcome { kWillRetry, kGivenUp };

class Queue {
 public:
  virtual ~Queue() = default;

  // Adding an id that waits or is active changes nothing; one that is finished begins anew.
  virtual void add(InferenceId id) = 0;
  // The next job that is due, waiting at most `wait` for one. A delivery whose lease ran out (its worker
  // died) counts as an attempt; when those are used up the job is still delivered once more with
  // attempt > maximum_attempts so that the worker can settle it as failed.
  virtual std::optional<LeasedJob> take(std::chrono::milliseconds wait) = 0;
  // False: the lease is lost, somebody else may have the job; stop working on it.
  virtual bool extend(const LeasedJob& job) = 0;
  // Nothing happens when the lease is lost; so it is for release().
  virtual void complete(const LeasedJob& job) = 0;
  // Schedules the next attempt after an exponential backoff, or gives up. kWillRetry when the lease is lost.
  virtual FailOutcome fail(const LeasedJob& job, const std::string& reason) = 0;
  // Gives the job back at once without counting the attempt (graceful shutdown).
  virtual void release(const LeasedJob& job) = 0;
  // Takes a waiting job out (abort). An active one is left to its worker.
  virtual void remove(InferenceId id) = 0;
  virtual Counts counts() = 0;
  virtual void check() = 0;  // throws kUnavailable
};

std::unique_ptr<Queue> make_embedded_queue(database::Database& database, Options options);

}  // namespace inpaint::queue
