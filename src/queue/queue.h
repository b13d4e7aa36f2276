// queue/ delivers a job at least once: embedded in the database, or BullMQ on Redis behind the same
// interface. It knows nothing of what a job means; the database row of the inference is the truth and the
// queue only a bell. It uses database/ and base/.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/uuid.h"

namespace inpaint::database {
class Database;
}

namespace inpaint::queue {

struct Job {
  InferenceId id;
  // Jobs that are due are delivered by their turn, the lowest first, and in the order of adding among equals.
  std::int64_t turn = 0;
  std::chrono::milliseconds delay{0};  // not due before
};

// A job that this worker holds until its lease runs out; `lease` is a secret token of this delivery.
struct LeasedJob {
  InferenceId id;
  int attempt = 1;  // 1 for the first delivery
  std::string lease;
  std::int64_t turn = 0;
};

struct Counts {
  std::int64_t waiting = 0;
  std::int64_t delayed = 0;
  std::int64_t active = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  bool is_paused = false;
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
  virtual void add_all(std::span<const Job> jobs) = 0;
  void add(const Job& job) { add_all({&job, 1}); }
  // The next job that is due, waiting at most `wait` for one. A delivery whose lease ran out (its worker
  // died) counts as an attempt; when those are used up the job is still delivered once more with
  // attempt > maximum_attempts so that the worker can settle it as failed.
  virtual std::optional<LeasedJob> take(std::chrono::milliseconds wait) = 0;
  // False: the lease is lost, somebody else may have the job; stop working on it.
  virtual bool extend(const LeasedJob& job) = 0;
  // For those who watch the queue. 0 to 100.
  virtual void report_progress(const LeasedJob& job, int percent) = 0;
  // Nothing happens when the lease is lost; so it is for release().
  virtual void complete(const LeasedJob& job) = 0;
  // The same, and the next job if one is due; in one step where the queue can.
  virtual std::optional<LeasedJob> complete_and_take(const LeasedJob& job) {
    complete(job);
    return take(std::chrono::milliseconds(0));
  }
  // Schedules the next attempt after an exponential backoff, or gives up. kWillRetry when the lease is lost.
  virtual FailOutcome fail(const LeasedJob& job, const std::string& reason) = 0;
  // Gives the job back at once without counting the attempt (graceful shutdown, or another's turn), to be
  // delivered again at this turn.
  virtual void release(const LeasedJob& job, std::int64_t turn) = 0;
  // Whether a job with a lower turn is due.
  virtual bool has_due_before(std::int64_t turn) = 0;
  // Takes a waiting job out (abort). An active one is left to its worker.
  virtual void remove(InferenceId id) = 0;
  // While the queue is paused nobody is given a job, in any process; those under way go on.
  virtual void set_paused(bool paused) = 0;
  virtual Counts counts() = 0;
  virtual void check() = 0;  // throws kUnavailable
};

std::unique_ptr<Queue> make_embedded_queue(database::Database& database, Options options);

struct Redis {
  std::string host;
  std::uint16_t port = 6379;
  std::string prefix = "bull";  // of all keys; two installations on one Redis need two
  std::string user = {};        // empty: Redis's default user
  std::string password = {};    // empty: none is asked for
};
// Throws kInvalid when the program was built without BullMQ's scripts. Redis need not be there yet: until it
// is, and whenever it is not, every function throws kUnavailable QUEUE_UNAVAILABLE.
std::unique_ptr<Queue> make_bullmq_queue(const Redis& redis, Options options);

}  // namespace inpaint::queue
