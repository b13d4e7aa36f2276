#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "base/error.h"
#include "base/time.h"
#include "database/dialect.h"
#include "database/query.h"
#include "queue/attempts.h"
#include "queue/queue.h"

namespace inpaint::queue {
namespace {

using database::change;
using database::first_of;
using database::NumberRow;
using database::select;
using database::Session;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kPollInterval{250};  // for jobs that other processes add, and for leases that run out
constexpr milliseconds kPauseAfterLoss{5};  // somebody else was faster with this job; there may be more
constexpr int kFinishesBetweenPrunes = 256;

// Jobs are rows of queue_jobs. Whoever may take one is decided by one conditional UPDATE; every later step
// names the lease of the delivery, so that a worker that lost its job changes nothing.
class EmbeddedQueue final : public Queue {
 public:
  EmbeddedQueue(database::Database& database, Options options) : database_(database), options_(options) {}

  void add_all(std::span<const Job> jobs) override;
  std::optional<LeasedJob> take(milliseconds wait) override;
  bool extend(const LeasedJob& job) override;
  void report_progress(const LeasedJob&, int) override {}  // its inference tells it
  void complete(const LeasedJob& job) override;
  FailOutcome fail(const LeasedJob& job, const std::string& reason) override;
  void release(const LeasedJob& job, std::int64_t turn) override;
  bool has_due_before(std::int64_t turn) override;
  void remove(InferenceId id) override;
  void set_paused(bool paused) override;
  Counts counts() override;
  void check() override { counts(); }

 private:
  bool anything_due();
  std::optional<LeasedJob> lease_next();
  void prune_sometimes(Session& sql);
  void announce();

  database::Database& database_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable added_;
  std::uint64_t additions_ = 0;  // counts what announce() told, so that none is missed between look and wait
  std::atomic<int> finishes_ = 0;
};

void EmbeddedQueue::add_all(std::span<const Job> jobs) {
  const long long now = Timestamp::now().unix_ms;
  database_.transaction([&](Session& sql) {
    for (const Job& job : jobs) {
      const long long available = now + job.delay.count();
      change(sql,
             "INSERT INTO queue_jobs(id, turn, available_at, created_at) "
             "VALUES (:id, :turn, :available, :created) ON CONFLICT(id) DO UPDATE SET state = 'waiting', "
             "attempts = 0, error = NULL, finished_at = NULL, turn = excluded.turn, "
             "available_at = excluded.available_at WHERE queue_jobs.state IN ('completed', 'failed')",
             job.id.to_string(), static_cast<long long>(job.turn), available, now);
    }
  });
  announce();
}

void EmbeddedQueue::announce() {
  {
    const std::lock_guard lock(mutex_);
    ++additions_;
  }
  added_.notify_one();
}

std::optional<LeasedJob> EmbeddedQueue::take(milliseconds wait) {
  const Clock::time_point end = Clock::now() + wait;
  for (;;) {
    std::unique_lock lock(mutex_);
    const std::uint64_t additions_seen = additions_;
    lock.unlock();
    milliseconds pause = kPollInterval;
    if (anything_due()) {
      if (std::optional<LeasedJob> job = lease_next()) return job;
      pause = kPauseAfterLoss;
    }
    if (Clock::now() >= end) return std::nullopt;
    lock.lock();
    added_.wait_until(lock, std::min(end, Clock::now() + pause),
                      [&] { return additions_ != additions_seen; });
  }
}

// A read only: an idle queue never asks for the write lock.
bool EmbeddedQueue::anything_due() {
  const long long now = Timestamp::now().unix_ms;
  return database_.read([&](Session& sql) {
    return select<NumberRow>(
               sql,
               "SELECT NOT EXISTS(SELECT 1 FROM queue_pause) AND ("
               "EXISTS(SELECT 1 FROM queue_jobs WHERE state = 'waiting' AND available_at <= :now) "
               "OR EXISTS(SELECT 1 FROM queue_jobs WHERE state = 'active' AND lease_until <= :now2))",
               now, now)
               .front() != 0;
  });
}

std::optional<LeasedJob> EmbeddedQueue::lease_next() {
  const long long now = Timestamp::now().unix_ms;
  const long long until = now + options_.lease.count();
  const std::string lease = Uuid::make().to_string();
  struct Row {
    std::string id;
    std::string lease;
    int attempt = 0;
    long long turn = 0;
    void bind(soci::statement& statement) {
      statement.exchange(soci::into(id));
      statement.exchange(soci::into(lease));
      statement.exchange(soci::into(attempt));
      statement.exchange(soci::into(turn));
    }
    LeasedJob value() const { return {InferenceId::parse(id).value(), attempt, lease, turn}; }
  };
  return database_.transaction([&](Session& sql) {
    const std::string unlocked = database::for_update_skip_locked(sql);
    // Jobs of dead workers first: they have waited longest.
    return first_of(
        select<Row>(sql,
                    "UPDATE queue_jobs SET state = 'active', attempts = attempts + 1, lease = :lease, "
                    "lease_until = :until WHERE id = COALESCE("
                    "(SELECT id FROM queue_jobs WHERE state = 'active' AND lease_until <= :now LIMIT 1" +
                        unlocked +
                        "), (SELECT id FROM queue_jobs WHERE state = 'waiting' AND available_at <= :now2 "
                        "ORDER BY turn, available_at, id LIMIT 1" +
                        unlocked + ")) RETURNING id, lease, attempts, turn",
                    lease, until, now, now));
  });
}

bool EmbeddedQueue::extend(const LeasedJob& job) {
  const std::string& id = job.id.to_string();
  const long long until = Timestamp::now().unix_ms + options_.lease.count();
  return database_.transaction([&](Session& sql) {
    return change(sql, "UPDATE queue_jobs SET lease_until = :until WHERE id = :id AND lease = :lease", until,
                  id, job.lease) > 0;
  });
}

void EmbeddedQueue::complete(const LeasedJob& job) {
  const std::string& id = job.id.to_string();
  const long long now = Timestamp::now().unix_ms;
  database_.transaction([&](Session& sql) {
    change(sql,
           "UPDATE queue_jobs SET state = 'completed', lease = NULL, lease_until = NULL, finished_at = :now "
           "WHERE id = :id AND lease = :lease",
           now, id, job.lease);
    prune_sometimes(sql);
  });
}

FailOutcome EmbeddedQueue::fail(const LeasedJob& job, const std::string& reason) {
  const std::string& id = job.id.to_string();
  const std::string error = reason.substr(0, kMaximumReasonLength);
  const long long now = Timestamp::now().unix_ms;
  const long long retry_at = now + backoff(options_, job.attempt).count();
  return database_.transaction([&](Session& sql) {
    if (job.attempt < options_.maximum_attempts) {
      change(sql,
             "UPDATE queue_jobs SET state = 'waiting', lease = NULL, lease_until = NULL, error = :error, "
             "available_at = :retry_at WHERE id = :id AND lease = :lease",
             error, retry_at, id, job.lease);
      return FailOutcome::kWillRetry;
    }
    const bool given_up =
        change(sql,
               "UPDATE queue_jobs SET state = 'failed', lease = NULL, lease_until = NULL, error = :error, "
               "finished_at = :now WHERE id = :id AND lease = :lease",
               error, now, id, job.lease) > 0;
    if (!given_up) return FailOutcome::kWillRetry;
    prune_sometimes(sql);
    return FailOutcome::kGivenUp;
  });
}

void EmbeddedQueue::release(const LeasedJob& job, std::int64_t turn) {
  const std::string& id = job.id.to_string();
  const long long now = Timestamp::now().unix_ms;
  database_.transaction([&](Session& sql) {
    change(sql,
           "UPDATE queue_jobs SET state = 'waiting', attempts = attempts - 1, lease = NULL, "
           "lease_until = NULL, available_at = :now, turn = :turn WHERE id = :id AND lease = :lease",
           now, static_cast<long long>(turn), id, job.lease);
  });
  announce();
}

bool EmbeddedQueue::has_due_before(std::int64_t turn) {
  const long long now = Timestamp::now().unix_ms;
  return database_.read([&](Session& sql) {
    return select<NumberRow>(
               sql,
               "SELECT EXISTS(SELECT 1 FROM queue_jobs WHERE state = 'waiting' AND turn < :turn "
               "AND available_at <= :now)",
               static_cast<long long>(turn), now)
               .front() != 0;
  });
}

void EmbeddedQueue::set_paused(bool paused) {
  const long long now = Timestamp::now().unix_ms;
  database_.transaction([&](Session& sql) {
    change(sql, "DELETE FROM queue_pause");
    if (paused) change(sql, "INSERT INTO queue_pause(paused_at) VALUES (:now)", now);
  });
}

void EmbeddedQueue::remove(InferenceId id) {
  const std::string& text = id.to_string();
  database_.transaction([&](Session& sql) {
    change(sql, "DELETE FROM queue_jobs WHERE id = :id AND state = 'waiting'", text);
  });
}

// What a finished job did is told by its inference; the rows here are kept for a while to look at only.
void EmbeddedQueue::prune_sometimes(Session& sql) {
  if (finishes_++ % kFinishesBetweenPrunes != 0) return;
  const long long oldest = (Timestamp::now() + -milliseconds(options_.keep_finished)).unix_ms;
  const long long keep = options_.keep_finished_count;
  change(sql,
         "DELETE FROM queue_jobs WHERE finished_at < :oldest OR finished_at <= (SELECT finished_at "
         "FROM queue_jobs WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1 OFFSET :keep)",
         oldest, keep);
}

Counts EmbeddedQueue::counts() {
  const long long now = Timestamp::now().unix_ms;
  return database_.read([&](Session& sql) {
    long long waiting = 0;
    long long delayed = 0;
    long long active = 0;
    long long completed = 0;
    long long failed = 0;
    sql << "SELECT COUNT(*) FILTER (WHERE state = 'waiting' AND available_at <= :now), "
           "COUNT(*) FILTER (WHERE state = 'waiting' AND available_at > :now2), "
           "COUNT(*) FILTER (WHERE state = 'active'), COUNT(*) FILTER (WHERE state = 'completed'), "
           "COUNT(*) FILTER (WHERE state = 'failed') FROM queue_jobs",
        soci::use(now), soci::use(now), soci::into(waiting), soci::into(delayed), soci::into(active),
        soci::into(completed), soci::into(failed);
    const bool paused = select<NumberRow>(sql, "SELECT COUNT(*) FROM queue_pause").front() != 0;
    return Counts{waiting, delayed, active, completed, failed, paused};
  });
}

}  // namespace

std::unique_ptr<Queue> make_embedded_queue(database::Database& database, Options options) {
  return std::make_unique<EmbeddedQueue>(database, options);
}

}  // namespace inpaint::queue
