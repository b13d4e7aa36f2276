#include "queue/redis.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <thread>
#include <utility>

#include "base/error.h"
#include "queue/bullmq_protocol.h"
#include "unit/queue/redis_server.h"

namespace inpaint::queue::redis {
namespace {

// extendLock answers 1 where the token is the one that holds the lock, and 0 elsewhere.
Call extend(const std::string& lock, const std::string& token) {
  return {&bullmq::kExtendLock, {lock, "stalled"}, {token, "10000", "a job"}};
}

std::string describe(const Reply& reply) {
  if (reply.kind == Reply::Kind::kNothing) return "nothing ";
  if (reply.kind == Reply::Kind::kNumber) return std::to_string(reply.number) + " ";
  if (reply.kind != Reply::Kind::kList) return reply.text + " ";
  std::string all = "[ ";
  for (const Reply& one : reply.list) all += describe(one);
  return all + "]\n";
}

// The text of a script as BullMQ publishes it, its includes in the places that name them.
std::string read_published(const std::filesystem::path& file, std::set<std::filesystem::path>& had) {
  if (!had.insert(file.lexically_normal()).second) return "";
  std::ifstream stream(file);
  EXPECT_TRUE(stream) << file;
  std::string text;
  for (std::string line; std::getline(stream, line);) {
    std::smatch include;
    static const std::regex kInclude("--- @include \"(.+)\"\\s*");
    const bool is_include = std::regex_match(line, include, kInclude);
    text += is_include ? read_published(file.parent_path() / (include.str(1) + ".lua"), had) : line;
    text += "\n";
  }
  return text;
}

// Of a job that is fetched the published scripts answer all fields, by name.
void leave_fields_that_are_read(Reply& answer) {
  if (answer.list.size() != 4 || answer.list[0].kind != Reply::Kind::kList) return;
  const std::vector<Reply> all = std::exchange(answer.list[0].list, {});
  for (const char* name : {"atm", "stc", "defa", "priority"}) {
    Reply& field = answer.list[0].list.emplace_back();
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
      if (all[i].text == name) field = all[i + 1];
    }
  }
}

class SharedConnectionsTest : public testing::Test {
 protected:
  enum class How { kAsPublished, kOneByOne, kTogether };
  std::string statistics() { return server_.command({"INFO", "commandstats"}).text; }
  std::string play(const std::string& prefix, const std::vector<InferenceId>& ids, How how);
  std::vector<Reply> run(const std::vector<Call>& calls, How how);
  Reply run_as_published(const Call& call);

  test::RedisServer server_;
  SharedConnections connections_{{"127.0.0.1", server_.port()}, 2};
};

TEST_F(SharedConnectionsTest, EachOfManyCallsHasItsOwnAnswer) {
  constexpr int kCalls = 100;  // more than go together
  std::vector<Call> calls;
  for (int i = 0; i < kCalls; ++i) {
    const std::string lock = "lock:" + std::to_string(i);
    if (i % 3 == 0) server_.command({"SET", lock, "held"});
    calls.push_back(extend(lock, "held"));
  }
  for (int round = 0; round < 2; ++round) {  // at first Redis does not know the script
    const std::vector<Reply> replies = connections_.run(calls);
    ASSERT_EQ(replies.size(), calls.size());
    for (int i = 0; i < kCalls; ++i) {
      const Reply& reply = replies[static_cast<std::size_t>(i)];
      EXPECT_EQ(reply.kind, Reply::Kind::kNumber);
      EXPECT_EQ(reply.number, i % 3 == 0 ? 1 : 0) << i;
    }
    if (round == 0) server_.command({"CONFIG", "RESETSTAT"});
  }
  EXPECT_NE(statistics().find("cmdstat_evalsha:calls=4,"), std::string::npos) << statistics();
  EXPECT_EQ(statistics().find("cmdstat_eval:"), std::string::npos) << statistics();
}

Reply SharedConnectionsTest::run_as_published(const Call& call) {
  using namespace bullmq;
  static const std::map<const Script*, std::string> names{
      {&kAddDelayedJob, "addDelayedJob-6"},
      {&kAddPrioritizedJob, "addPrioritizedJob-9"},
      {&kAddStandardJob, "addStandardJob-9"},
      {&kChangePriority, "changePriority-7"},
      {&kExtendLock, "extendLock-2"},
      {&kGetCounts, "getCounts-1"},
      {&kMoveJobFromActiveToWait, "moveJobFromActiveToWait-9"},
      {&kMoveStalledJobsToWait, "moveStalledJobsToWait-9"},
      {&kMoveToActive, "moveToActive-11"},
      {&kMoveToDelayed, "moveToDelayed-11"},
      {&kMoveToFinished, "moveToFinished-14"},
      {&kPause, "pause-7"},
      {&kRemoveJob, "removeJob-2"},
      {&kUpdateProgress, "updateProgress-3"}};
  std::set<std::filesystem::path> had;
  const std::filesystem::path commands = INPAINT_BULLMQ_COMMANDS;
  Command command{"EVAL", read_published(commands / (names.at(call.script) + ".lua"), had),
                  std::to_string(call.keys.size())};
  for (const Words* words : {&call.keys, &call.arguments}) {
    for (std::size_t i = 0; i < words->size(); ++i) command.emplace_back((*words)[i]);
  }
  Reply answer = server_.command(command);
  leave_fields_that_are_read(answer);
  return answer;
}

std::vector<Reply> SharedConnectionsTest::run(const std::vector<Call>& calls, How how) {
  if (how == How::kTogether) return connections_.run(calls);
  std::vector<Reply> replies;
  for (const Call& call : calls) {
    const bool is_published = how == How::kAsPublished;
    replies.push_back(is_published ? run_as_published(call) : connections_.run({&call, 1}).at(0));
  }
  return replies;
}

// The life of some jobs: what was answered and what is left, but for the time and the prefix.
std::string SharedConnectionsTest::play(const std::string& prefix, const std::vector<InferenceId>& ids,
                                        How how) {
  const bullmq::Protocol protocol(prefix, "queue", {});
  std::string story;
  const auto step = [&](std::size_t begin, std::size_t end, const auto& to_call) {
    std::vector<Call> calls;
    for (std::size_t i = begin; i < end; ++i) calls.push_back(to_call(ids[i]));
    for (const Reply& reply : run(calls, how)) story += describe(reply);
  };
  using Next = bullmq::Protocol::Next;
  using Oldest = bullmq::Protocol::Oldest;
  const auto forget_marker = [&] { server_.command({"DEL", protocol.key("marker")}); };
  const auto lose_lock = [&](std::size_t i) {
    server_.command({"DEL", protocol.key(ids[i].to_string() + ":lock")});
  };
  step(0, 40, [&](InferenceId id) { return protocol.add({id}); });  // more than go together
  std::int64_t turn = 7;
  step(40, 50, [&](InferenceId id) { return protocol.add({id, turn++}); });
  step(50, 60, [&](InferenceId id) { return protocol.add({id, 0, std::chrono::hours(1)}); });
  forget_marker();
  step(0, 10, [&](InferenceId) { return protocol.fetch("token"); });
  step(0, 12, [&](InferenceId id) {  // two of which are not active
    return protocol.complete(id.to_string(), "token", Next::kFetch, Oldest::kRemove);
  });
  step(10, 15, [&](InferenceId id) { return protocol.progress(id.to_string(), 50); });
  step(10, 15, [&](InferenceId id) { return protocol.give_back(id.to_string(), "token"); });
  step(15, 18, [&](InferenceId id) { return protocol.fail_for_good(id.to_string(), "token", "why"); });
  step(18, 20, [&](InferenceId id) {
    return protocol.fail_and_retry(id.to_string(), "token", "why", std::chrono::hours(1));
  });
  step(45, 55, [&](InferenceId id) { return protocol.remove(id.to_string()); });
  step(40, 44, [&](InferenceId id) { return protocol.set_priority(id.to_string(), 9); });
  step(0, 2, [&](InferenceId) { return protocol.counts({"wait", "active", "completed", "failed"}); });
  step(60, 64, [&](InferenceId id) { return protocol.add({id, 0, std::chrono::milliseconds(1)}); });
  server_.command({"HSET", protocol.key(ids[60].to_string()), "atm", "1", "stc", "2", "defa", "why"});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // they are due now
  step(0, 30, [&](InferenceId) { return protocol.fetch("token"); });
  lose_lock(20);
  lose_lock(21);
  for (int look = 0; look < 2; ++look) {
    step(22, 25, [&](InferenceId id) { return protocol.extend(id.to_string(), "token"); });
    step(0, 1, [&](InferenceId) { return protocol.recover_stalled(std::chrono::milliseconds(1)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  server_.command({"HSET", protocol.key("meta"), "concurrency", "30"});  // three more than are active
  step(0, 6, [&](InferenceId) { return protocol.fetch("token"); });
  server_.command({"HDEL", protocol.key("meta"), "concurrency"});
  step(0, 3, [&](InferenceId) { return protocol.pause(turn++ % 2 == 1); });
  forget_marker();
  step(64, 68, [&](InferenceId id) { return protocol.add({id}); });
  step(0, 1, [&](InferenceId) { return protocol.fetch("token"); });
  step(0, 1, [&](InferenceId) { return protocol.pause(false); });
  server_.command({"HSET", protocol.key("meta"), "max", "2", "duration",
                   "6000000000000"});  // so long that its rest is a TIME
  step(0, 4, [&](InferenceId) { return protocol.fetch("token"); });
  story += describe(server_.command({"XRANGE", protocol.key("events"), "-", "+"}));
  for (const char* list : {"wait", "active"}) {
    story += describe(server_.command({"LRANGE", protocol.key(list), "0", "-1"}));
  }
  for (const char* set : {"prioritized", "delayed", "completed", "failed", "marker"}) {
    story += describe(server_.command({"ZRANGE", protocol.key(set), "0", "-1", "WITHSCORES"}));
  }
  for (const char* number : {"id", "pc", "limiter"}) {
    story += describe(server_.command({"GET", protocol.key(number)}));
  }
  story += describe(server_.command({"HGETALL", protocol.key("meta")}));
  story += describe(server_.command({"SCARD", protocol.key("stalled")}));
  for (const InferenceId& id : ids) {
    story += describe(server_.command({"HGETALL", protocol.key(id.to_string())}));
  }
  return std::regex_replace(std::regex_replace(story, std::regex("\\d{13,}(-\\d+)?"), "TIME"),
                            std::regex(prefix + ":"), "PREFIX:");
}

// The build makes the scripts lighter and puts a loop around them.
TEST_F(SharedConnectionsTest, CallsDoWhatBullmqsOwnScriptsDoAloneAndTogether) {
  std::vector<InferenceId> ids;
  for (int i = 0; i < 68; ++i) ids.push_back(InferenceId::make());
  const std::string published = play("published", ids, How::kAsPublished);
  EXPECT_EQ(play("single", ids, How::kOneByOne), published);
  EXPECT_EQ(play("many", ids, How::kTogether), published);
  for (const char* word :
       {"completed", "failed", "delayed", "progress", " -2 ", "removed", "paused", "stalled"}) {
    EXPECT_NE(published.find(word), std::string::npos) << word << " did not happen in\n" << published;
  }
}

TEST_F(SharedConnectionsTest, WhatManyCallsAskAlikeIsAskedOnce) {
  const bullmq::Protocol protocol("bull", "queue", {});
  std::vector<Call> calls;
  for (int i = 0; i < 32; ++i) calls.push_back(protocol.add({InferenceId::make()}));
  connections_.run(calls);
  for (const char* command : {"hget", "hmget", "zadd"}) {
    const std::string once = std::string("cmdstat_") + command + ":calls=1,";
    EXPECT_NE(statistics().find(once), std::string::npos) << once << statistics();
  }
}

TEST_F(SharedConnectionsTest, ACallThatFailsLeavesTheOthersAlone) {
  server_.command({"SET", "lock", "held"});
  server_.command({"LPUSH", "no lock", "a list"});
  const std::vector<Call> calls{extend("lock", "held"), extend("no lock", "held"), extend("lock", "held")};
  const std::vector<Reply> replies = connections_.run(calls);
  EXPECT_EQ(replies[0].number, 1);
  EXPECT_EQ(replies[1].kind, Reply::Kind::kRefusal);
  EXPECT_NE(replies[1].text.find("WRONGTYPE"), std::string::npos) << replies[1].text;
  EXPECT_EQ(replies[2].number, 1);
}

TEST_F(SharedConnectionsTest, ThreadsThatAskAtTheSameTimeAreAnsweredEach) {
  constexpr int kThreads = 8;
  for (int t = 0; t < kThreads; t += 2) server_.command({"SET", "lock:" + std::to_string(t), "held"});
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      const Call call = extend("lock:" + std::to_string(t), "held");
      for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(connections_.run({&call, 1}).at(0).number, t % 2 == 0 ? 1 : 0);
        ASSERT_EQ(connections_.send({{"ECHO", std::to_string(t)}, {"ECHO", "x"}}).at(0).text,
                  std::to_string(t));
      }
    });
  }
}

TEST_F(SharedConnectionsTest, ARedisThatIsGoneIsAnErrorForAllThatWaitAndIsFoundAgain) {
  const Call call = extend("lock", "held");
  connections_.run({&call, 1});
  server_.stop();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] { EXPECT_THROW(connections_.run({&call, 1}), Error); });
  }
  threads.clear();
  server_.start();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(connections_.run({&call, 1}).at(0).number, 0);
}

}  // namespace
}  // namespace inpaint::queue::redis
