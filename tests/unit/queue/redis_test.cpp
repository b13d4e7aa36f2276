#include "queue/redis.h"

#include <gtest/gtest.h>

#include <regex>
#include <thread>

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

class SharedConnectionsTest : public testing::Test {
 protected:
  std::string statistics() { return server_.command({"INFO", "commandstats"}).text; }
  std::string play(const std::string& prefix, const std::vector<InferenceId>& ids, bool together);

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

// The life of some jobs: what was answered and what is left, but for the time and the prefix.
std::string SharedConnectionsTest::play(const std::string& prefix, const std::vector<InferenceId>& ids,
                                        bool together) {
  const bullmq::Protocol protocol(prefix, "queue", {});
  std::string story;
  const auto step = [&](std::size_t begin, std::size_t end, const auto& to_call) {
    std::vector<Call> calls;
    for (std::size_t i = begin; i < end; ++i) calls.push_back(to_call(ids[i]));
    std::vector<Reply> replies;
    if (together) replies = connections_.run(calls);
    for (const Call& call : calls) {
      if (!together) replies.push_back(connections_.run({&call, 1}).front());
    }
    for (const Reply& reply : replies) story += describe(reply);
  };
  using Next = bullmq::Protocol::Next;
  using Oldest = bullmq::Protocol::Oldest;
  step(0, 20, [&](InferenceId id) { return protocol.add({id}); });
  step(20, 30, [&](InferenceId id) { return protocol.add({id, 7}); });
  step(30, 40, [&](InferenceId id) { return protocol.add({id, 0, std::chrono::hours(1)}); });
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
  step(25, 35, [&](InferenceId id) { return protocol.remove(id.to_string()); });
  step(20, 24, [&](InferenceId id) { return protocol.set_priority(id.to_string(), 9); });
  step(0, 2, [&](InferenceId) { return protocol.counts({"wait", "active", "completed", "failed"}); });
  story += describe(server_.command({"XRANGE", protocol.key("events"), "-", "+"}));
  for (const char* list : {"wait", "active"}) {
    story += describe(server_.command({"LRANGE", protocol.key(list), "0", "-1"}));
  }
  for (const char* set : {"prioritized", "delayed", "completed", "failed"}) {
    story += describe(server_.command({"ZRANGE", protocol.key(set), "0", "-1"}));
  }
  for (const InferenceId& id : ids) {
    story += describe(server_.command({"HGETALL", protocol.key(id.to_string())}));
  }
  return std::regex_replace(std::regex_replace(story, std::regex("\\d{13,}(-\\d+)?"), "TIME"),
                            std::regex(prefix + ":"), "PREFIX:");
}

TEST_F(SharedConnectionsTest, CallsTogetherDoWhatTheyDoOneByOne) {
  std::vector<InferenceId> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(InferenceId::make());
  const std::string one_by_one = play("single", ids, false);
  EXPECT_EQ(play("many", ids, true), one_by_one);
  for (const char* word : {"completed", "failed", "delayed", "progress", "-3", "removed"}) {
    EXPECT_NE(one_by_one.find(word), std::string::npos) << word << " did not happen in\n" << one_by_one;
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
