#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "queue/bullmq_scripts.h"
#include "queue/queue.h"
#include "queue/redis.h"

// One function for each step of BullMQ's protocol: which keys and arguments its script takes, and what the
// answer means. Arguments that are no plain text go as MessagePack, as BullMQ's own ports pass them.
namespace inpaint::queue::bullmq {

using redis::Call;

// What moveToActive and moveToFinished found.
struct Fetched {
  std::string id;             // empty: no job is due
  std::int64_t failures = 0;  // that BullMQ counts
  std::int64_t deaths = 0;    // of workers that had the job
  bool is_doomed = false;     // BullMQ has sentenced the job to fail
  std::int64_t priority = 0;
  std::chrono::milliseconds limited{0};   // the queue's rate limit is used up for so long
  std::optional<Timestamp> next_delayed;  // when a delayed job will be due
};

class Protocol {
 public:
  // Keys are PREFIX:NAME:…, as all of BullMQ's tools expect them.
  Protocol(const std::string& prefix, const std::string& name, const Options& options);

  std::string key(std::string_view rest) const { return base_ + std::string(rest); }

  Call add(const Job& job) const;
  Call remove(const std::string& id) const;
  Call fetch(const std::string& token) const;
  Call extend(const std::string& id, const std::string& token) const;
  // Completing may fetch the next job too, which has the same token then, and remove the oldest of those that
  // are kept too many or too long.
  enum class Next { kLeave, kFetch };
  enum class Oldest { kKeep, kRemove };
  Call complete(const std::string& id, const std::string& token, Next next, Oldest oldest) const;
  Call fail_for_good(const std::string& id, const std::string& token, const std::string& reason) const;
  Call fail_and_retry(const std::string& id, const std::string& token, const std::string& reason,
                      std::chrono::milliseconds delay) const;
  Call set_priority(const std::string& id, std::int64_t turn) const;
  Call give_back(const std::string& id, const std::string& token) const;
  Call progress(const std::string& id, int percent) const;
  Call recover_stalled(std::chrono::milliseconds interval) const;
  Call pause(bool paused) const;
  Call counts(std::initializer_list<std::string_view> states) const;

  static Fetched fetched(redis::Reply reply);

 private:
  redis::Words keys(std::initializer_list<std::string_view> names) const;
  Call finish(const std::string& id, const std::string& token, const std::string& state,
              const std::string& property, const std::string& value, Next next, Oldest oldest) const;

  const std::string base_;  // "bull:inference-processing:"
  const Options options_;
  // MessagePack, made once, of options that are the same in all calls but for the token, which is to be
  // appended.
  const std::string fetching_;
  const std::string keeping_all_;
  const std::string removing_oldest_;
};

}  // namespace inpaint::queue::bullmq
