#include "queue/bullmq_protocol.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace inpaint::queue::bullmq {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr std::string_view kJobName = "process-inference";
// BullMQ packs a priority and a counter of 32 bits into one double.
constexpr std::int64_t kHighestPriority = (1 << 21) - 1;
constexpr int kKeepAll = -1;

std::string pack(const Json& value) {
  std::string packed;
  Json::to_msgpack(value, packed);
  return packed;
}

// For the options of a step of a delivery: the same for all but for the token, which is the last as they are
// sorted.
std::string pack_for_any_token(Json options) {
  options["token"] = "";
  assert(std::prev(options.end()).key() == "token");
  std::string packed = pack(options);
  packed.pop_back();  // the empty text
  return packed;
}

std::string with_token(std::string packed, const std::string& token) {
  return packed += pack(token);
}

// Times are passed as texts: Redis stores them as they are, and would print numbers.
std::string now() {
  return std::to_string(Timestamp::now().unix_ms);
}

std::string pack_finishing(const Options& options, const Json& keep) {
  return pack_for_any_token({{"keepJobs", keep},
                             {"lockDuration", std::to_string(options.lease.count())},
                             {"attempts", options.maximum_attempts},
                             {"maxMetricsSize", ""}});
}

// 0 where it is none, or one that no counter reaches.
std::int64_t to_number(std::string_view text) {
  std::int32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::int64_t to_priority(std::int64_t turn) {
  return std::clamp<std::int64_t>(turn, 0, kHighestPriority);
}

}  // namespace

Protocol::Protocol(const std::string& prefix, const std::string& name, const Options& options)
    : base_(prefix + ":" + name + ":"),
      options_(options),
      fetching_(pack_for_any_token({{"lockDuration", std::to_string(options.lease.count())}})),
      keeping_all_(pack_finishing(options, {{"count", kKeepAll}})),
      removing_oldest_(
          pack_finishing(options, {{"count", options.keep_finished_count},
                                   {"age", std::chrono::seconds(options.keep_finished).count()}})) {}

redis::Words Protocol::keys(std::initializer_list<std::string_view> names) const {
  redis::Words made;
  for (const std::string_view name : names) made.add(base_, name);
  return made;
}

Call Protocol::add(const Job& job) const {
  const std::string& id = job.id.to_string();
  const std::int64_t priority = to_priority(job.turn);
  // The id is not among them: Redis keeps a job whose fields are of at most 64 bytes in one piece, for less
  // work.
  Json options{
      {"attempts", options_.maximum_attempts},
      {"backoff", {{"type", "exponential"}, {"delay", options_.first_backoff.count()}}},
  };
  if (priority > 0) options["priority"] = priority;
  if (job.delay > milliseconds(0)) options["delay"] = job.delay.count();
  // What would follow only flows, repeated and deduplicated jobs have.
  const Json described{base_, id, kJobName, now()};
  redis::Words arguments{pack(described), Json{{"inferenceId", id}}.dump(), pack(options)};
  if (job.delay > milliseconds(0)) {
    return {&kAddDelayedJob, keys({"marker", "meta", "id", "delayed", "completed", "events"}),
            std::move(arguments)};
  }
  if (priority > 0) {
    return {&kAddPrioritizedJob,
            keys({"marker", "meta", "id", "prioritized", "delayed", "completed", "active", "events", "pc"}),
            std::move(arguments)};
  }
  return {&kAddStandardJob,
          keys({"wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker"}),
          std::move(arguments)};
}

Call Protocol::remove(const std::string& id) const {
  return {&kRemoveJob, keys({id, "repeat"}), {id, "0", base_}};
}

Call Protocol::fetch(const std::string& token) const {
  return {&kMoveToActive,
          keys({"wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused", "meta",
                "pc", "marker"}),
          {base_, now(), with_token(fetching_, token)}};
}

Call Protocol::extend(const std::string& id, const std::string& token) const {
  return {&kExtendLock, keys({id + ":lock", "stalled"}), {token, std::to_string(options_.lease.count()), id}};
}

Call Protocol::finish(const std::string& id, const std::string& token, const std::string& state,
                      const std::string& property, const std::string& value, Next next, Oldest oldest) const {
  const std::string& packed = oldest == Oldest::kRemove ? removing_oldest_ : keeping_all_;
  const char* fetch = next == Next::kFetch ? "1" : "0";
  return {&kMoveToFinished,
          keys({"wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused", "meta",
                "pc", state, id, "metrics:" + state, "marker"}),
          {id, now(), property, value, state, fetch, base_, with_token(packed, token), ""}};
}

Call Protocol::complete(const std::string& id, const std::string& token, Next next, Oldest oldest) const {
  return finish(id, token, "completed", "returnvalue", "null", next, oldest);
}

Call Protocol::fail_for_good(const std::string& id, const std::string& token,
                             const std::string& reason) const {
  return finish(id, token, "failed", "failedReason", reason, Next::kLeave, Oldest::kRemove);
}

Call Protocol::fail_and_retry(const std::string& id, const std::string& token, const std::string& reason,
                              milliseconds delay) const {
  const Json fields{"failedReason", reason};
  return {&kMoveToDelayed,
          keys({"marker", "active", "prioritized", "delayed", id, "events", "meta", "stalled", "wait",
                "limiter", "pc"}),
          {base_, now(), id, token, std::to_string(delay.count()), "0", pack(fields), "0", ""}};
}

Call Protocol::set_priority(const std::string& id, std::int64_t turn) const {
  return {&kChangePriority,
          keys({"wait", "paused", "meta", "prioritized", "active", "pc", "marker"}),
          {std::to_string(to_priority(turn)), base_, id, "0"}};
}

Call Protocol::give_back(const std::string& id, const std::string& token) const {
  return {&kMoveJobFromActiveToWait,
          keys({"active", "wait", "stalled", "paused", "meta", "limiter", "prioritized", "marker", "events"}),
          {id, token, key(id)}};
}

Call Protocol::progress(const std::string& id, int percent) const {
  return {&kUpdateProgress, keys({id, "events", "meta"}), {id, std::to_string(percent)}};
}

Call Protocol::recover_stalled(milliseconds interval) const {
  return {
      &kMoveStalledJobsToWait,
      keys({"stalled", "wait", "active", "stalled-check", "meta", "paused", "marker", "events", "repeat"}),
      {std::to_string(options_.maximum_attempts), base_, now(), std::to_string(interval.count())}};
}

Call Protocol::pause(bool paused) const {
  const char* from = paused ? "wait" : "paused";
  const char* to = paused ? "paused" : "wait";
  return {&kPause,
          keys({from, to, "meta", "prioritized", "events", "delayed", "marker"}),
          {paused ? "paused" : "resumed", "1"}};
}

Call Protocol::counts(std::initializer_list<std::string_view> states) const {
  return {&kGetCounts, {base_}, states};
}

// The fields are those that cmake/bullmq_lighter.cmake has the scripts answer: atm, stc, defa and priority.
Fetched Protocol::fetched(redis::Reply reply) {
  Fetched found;
  if (reply.list.size() < 4) return found;
  const std::vector<redis::Reply>& fields = reply.list[0].list;
  if (fields.size() == 4) {
    found.id = std::move(reply.list[1].text);
    found.failures = to_number(fields[0].text);
    found.deaths = to_number(fields[1].text);
    found.is_doomed = !fields[2].text.empty();
    found.priority = to_number(fields[3].text);
    return found;
  }
  found.limited = milliseconds(reply.list[2].number);
  if (reply.list[3].number > 0) found.next_delayed = Timestamp{reply.list[3].number};
  return found;
}

}  // namespace inpaint::queue::bullmq
