#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "queue/attempts.h"
#include "queue/bullmq_protocol.h"
#include "queue/queue.h"
#include "queue/redis.h"

namespace inpaint::queue {
namespace {

using bullmq::Fetched;
using Next = bullmq::Protocol::Next;
using Oldest = bullmq::Protocol::Oldest;
using redis::Call;
using redis::Command;
using redis::Reply;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr auto kQueueName = "inference-processing";
// BullMQ finds workers by the names of their connections: PREFIX: and the queue's name in base64.
constexpr auto kQueueNameInBase64 = "aW5mZXJlbmNlLXByb2Nlc3Npbmc=";
constexpr std::size_t kConnections = 3;
constexpr milliseconds kShortestWait{1};
constexpr unsigned kCompletionsBetweenRemovals = 64;

// Redis decides every race: each step is one script, and each step of a delivery names its token, so that a
// worker that lost its lock changes nothing.
class BullmqQueue final : public Queue {
 public:
  BullmqQueue(const Redis& redis, Options options)
      : options_(options),
        stalled_interval_(options.lease / 2),
        protocol_(redis.prefix, kQueueName, options),
        connections_(redis, kConnections),
        waiter_(redis, redis.prefix + ":" + kQueueNameInBase64) {}

  void add_all(std::span<const Job> jobs) override;
  std::optional<LeasedJob> take(milliseconds wait) override;
  bool extend(const LeasedJob& job) override;
  void report_progress(const LeasedJob& job, int percent) override;
  void complete(const LeasedJob& job) override;
  std::optional<LeasedJob> complete_and_take(const LeasedJob& job) override;
  FailOutcome fail(const LeasedJob& job, const std::string& reason) override;
  void release(const LeasedJob& job, std::int64_t turn) override;
  bool has_due_before(std::int64_t turn) override;
  void remove(InferenceId id) override;
  void set_paused(bool paused) override;
  Counts counts() override;
  void check() override { ask({{"PING"}}); }

 private:
  std::vector<Reply> ask(const std::vector<Command>& commands);
  std::vector<Reply> run(std::span<const Call> calls);
  Reply run(const Call& call) { return std::move(run(std::span(&call, 1)).front()); }

  void recover_stalled_sometimes();
  std::optional<LeasedJob> fetch(Clock::time_point& next_look);
  std::optional<LeasedJob> lease(const Fetched& fetched, const std::string& token);
  void wait_for_marker(Clock::time_point until);
  Call complete(const LeasedJob& job, Next next);

  const Options options_;
  const milliseconds stalled_interval_;
  const bullmq::Protocol protocol_;
  redis::SharedConnections connections_;
  redis::BlockingConnection waiter_;  // a worker in the eyes of BullMQ's tools
  std::mutex mutex_;
  std::condition_variable place_is_free_;
  bool is_place_taken_ = false;
  std::atomic<Clock::rep> next_stalled_check_ = 0;
  std::atomic<unsigned> completions_ = 0;
};

void throw_refusals(const std::vector<Reply>& replies) {
  for (const Reply& reply : replies) {
    if (reply.kind == Reply::Kind::kRefusal) redis::refused(reply);
  }
}

std::vector<Reply> BullmqQueue::ask(const std::vector<Command>& commands) {
  std::vector<Reply> replies = connections_.send(commands);
  throw_refusals(replies);
  return replies;
}

std::vector<Reply> BullmqQueue::run(std::span<const Call> calls) {
  if (calls.empty()) return {};
  std::vector<Reply> replies = connections_.run(calls);
  throw_refusals(replies);
  return replies;
}

// BullMQ takes an id that it knows for a duplicate, also a finished one, and tells so to everybody: hence the
// look first. Whoever adds the same at the same time does no harm.
void BullmqQueue::add_all(std::span<const Job> jobs) {
  std::vector<Command> looks;
  for (const Job& job : jobs) {
    looks.push_back({"HMGET", protocol_.key(job.id.to_string()), "timestamp", "finishedOn"});
  }
  const std::vector<Reply> found = ask(looks);
  std::vector<Call> removals;
  std::vector<Call> additions;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const bool is_there = found[i].list.at(0).kind == Reply::Kind::kText;
    const bool is_finished = found[i].list.at(1).kind == Reply::Kind::kText;
    if (is_there && !is_finished) continue;
    if (is_finished) removals.push_back(protocol_.remove(jobs[i].id.to_string()));
    additions.push_back(protocol_.add(jobs[i]));
  }
  run(removals);
  run(additions);
}

std::optional<LeasedJob> BullmqQueue::take(milliseconds wait) {
  const Clock::time_point end = Clock::now() + wait;
  recover_stalled_sometimes();
  Clock::time_point next_look = end;
  if (std::optional<LeasedJob> job = fetch(next_look)) return job;
  // One thread of a process waits on Redis, so that a job wakes one of them. The others wait for its place.
  std::unique_lock lock(mutex_);
  if (!place_is_free_.wait_until(lock, end, [this] { return !is_place_taken_; })) return std::nullopt;
  is_place_taken_ = true;
  lock.unlock();
  const auto leave = [this](void*) {
    const std::lock_guard leaving(mutex_);
    is_place_taken_ = false;
    place_is_free_.notify_one();
  };
  const std::unique_ptr<void, decltype(leave)> place(this, leave);
  while (Clock::now() < end) {
    wait_for_marker(std::min({end, next_look, Clock::now() + stalled_interval_}));
    recover_stalled_sometimes();
    next_look = end;
    if (std::optional<LeasedJob> job = fetch(next_look)) return job;
  }
  return std::nullopt;
}

// Nothing is due: `next_look` becomes the time when a delayed job will be, if that is earlier.
std::optional<LeasedJob> BullmqQueue::fetch(Clock::time_point& next_look) {
  for (;;) {
    const std::string token = Uuid::make().to_string();
    const Fetched fetched = bullmq::Protocol::fetched(run(protocol_.fetch(token)));
    if (!fetched.id.empty()) {
      if (std::optional<LeasedJob> job = lease(fetched, token)) return job;
      continue;  // it was no inference; there may be more
    }
    const Clock::time_point now = Clock::now();
    if (fetched.limited > milliseconds(0)) next_look = std::min(next_look, now + fetched.limited);
    if (fetched.next_delayed) {
      const milliseconds left(fetched.next_delayed->unix_ms - Timestamp::now().unix_ms);
      next_look = std::min(next_look, now + left);
    }
    return std::nullopt;
  }
}

// What BullMQ has sentenced to fail has no attempts left. An attempt beyond the last is one more than that.
std::optional<LeasedJob> BullmqQueue::lease(const Fetched& fetched, const std::string& token) {
  const std::optional<InferenceId> id = InferenceId::parse(fetched.id);
  if (!id) {
    log::warn("queue", "a job that is no inference was failed", {{"job", fetched.id}});
    run(protocol_.fail_for_good(fetched.id, token, "The job's id is not the id of an inference."));
    return std::nullopt;
  }
  const std::int64_t beyond = options_.maximum_attempts + 1;
  const std::int64_t attempt = fetched.is_doomed ? beyond : fetched.failures + fetched.deaths + 1;
  return LeasedJob{*id, static_cast<int>(std::min(attempt, beyond)), token, fetched.priority};
}

// A marker lies there when a job is due, or with the time when the next one will be. Whoever takes it looks.
void BullmqQueue::wait_for_marker(Clock::time_point until) {
  const milliseconds wait = std::max(std::chrono::ceil<milliseconds>(until - Clock::now()), kShortestWait);
  const std::string seconds = std::to_string(std::chrono::duration<double>(wait).count());
  const Reply reply = waiter_.send({"BZPOPMIN", protocol_.key("marker"), seconds}, wait);
  if (reply.kind == Reply::Kind::kRefusal) redis::refused(reply);
}

// One worker of all looks, once an interval. A job is stalled when it had no lock at two looks.
void BullmqQueue::recover_stalled_sometimes() {
  Clock::rep due = next_stalled_check_.load();
  const Clock::time_point now = Clock::now();
  if (now.time_since_epoch().count() < due) return;
  if (!next_stalled_check_.compare_exchange_strong(due, (now + stalled_interval_).time_since_epoch().count()))
    return;
  run(protocol_.recover_stalled(stalled_interval_));
}

bool BullmqQueue::extend(const LeasedJob& job) {
  return run(protocol_.extend(job.id.to_string(), job.lease)).number == 1;
}

void BullmqQueue::report_progress(const LeasedJob& job, int percent) {
  run(protocol_.progress(job.id.to_string(), percent));
}

// To look for jobs that are kept too long is a good part of the work of a completion: not each does it.
Call BullmqQueue::complete(const LeasedJob& job, Next next) {
  const bool is_its_turn = completions_++ % kCompletionsBetweenRemovals == 0;
  return protocol_.complete(job.id.to_string(), job.lease, next,
                            is_its_turn ? Oldest::kRemove : Oldest::kKeep);
}

void BullmqQueue::complete(const LeasedJob& job) {
  run(complete(job, Next::kLeave));
}

std::optional<LeasedJob> BullmqQueue::complete_and_take(const LeasedJob& job) {
  recover_stalled_sometimes();
  const Fetched fetched = bullmq::Protocol::fetched(run(complete(job, Next::kFetch)));
  return fetched.id.empty() ? std::nullopt : lease(fetched, job.lease);
}

FailOutcome BullmqQueue::fail(const LeasedJob& job, const std::string& reason) {
  const std::string& id = job.id.to_string();
  const std::string error = reason.substr(0, kMaximumReasonLength);
  if (job.attempt < options_.maximum_attempts) {
    run(protocol_.fail_and_retry(id, job.lease, error, backoff(options_, job.attempt)));
    return FailOutcome::kWillRetry;
  }
  const bool held = run(protocol_.fail_for_good(id, job.lease, error)).number == 0;
  return held ? FailOutcome::kGivenUp : FailOutcome::kWillRetry;
}

void BullmqQueue::release(const LeasedJob& job, std::int64_t turn) {
  const std::string& id = job.id.to_string();
  run(protocol_.set_priority(id, turn));
  run(protocol_.give_back(id, job.lease));
}

bool BullmqQueue::has_due_before(std::int64_t turn) {
  constexpr double kPrioritySpan = 4294967296;  // a score is the priority times 2^32, and a counter
  const std::vector<Reply> replies = ask(
      {{"LLEN", protocol_.key("wait")}, {"ZRANGE", protocol_.key("prioritized"), "0", "0", "WITHSCORES"}});
  if (turn > 0 && replies[0].number > 0) return true;  // what has turn 0 waits in a list of its own
  const std::vector<Reply>& first = replies[1].list;
  return first.size() == 2 && std::stod(first[1].text) < static_cast<double>(turn) * kPrioritySpan;
}

void BullmqQueue::remove(InferenceId id) {
  run(protocol_.remove(id.to_string()));
}

void BullmqQueue::set_paused(bool paused) {
  run(protocol_.pause(paused));
}

Counts BullmqQueue::counts() {
  const Reply counted =
      run(protocol_.counts({"wait", "prioritized", "delayed", "active", "completed", "failed"}));
  const Reply paused = ask({{"HEXISTS", protocol_.key("meta"), "paused"}}).front();
  const auto count = [&](std::size_t position) { return counted.list.at(position).number; };
  return {count(0) + count(1), count(2), count(3), count(4), count(5), paused.number == 1};
}

}  // namespace

std::unique_ptr<Queue> make_bullmq_queue(const Redis& redis, Options options) {
  if (bullmq::kMoveToActive.text.empty()) {
    throw invalid(
        "UNSUPPORTED_SETTING",
        "REDIS_HOST is set, but this program was built without the queue on Redis, because the npm "
        "package bullmq could not be fetched then. Build it again when a registry can be reached, or "
        "unset REDIS_HOST to use the queue that is built in.");
  }
  return std::make_unique<BullmqQueue>(redis, options);
}

}  // namespace inpaint::queue
