#include "queue/redis.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "queue/bullmq_scripts.h"
#include "unit/queue/redis_server.h"

namespace inpaint::queue::redis {
namespace {

// extendLock answers 1 where the token is the one that holds the lock, and 0 elsewhere.
Call extend(const std::string& lock, const std::string& token) {
  return {&bullmq::kExtendLock, {lock, "stalled"}, {token, "10000", "a job"}};
}

class SharedConnectionsTest : public testing::Test {
 protected:
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
  const std::vector<Reply> replies = connections_.run(calls);
  ASSERT_EQ(replies.size(), calls.size());
  for (int i = 0; i < kCalls; ++i) {
    const Reply& reply = replies[static_cast<std::size_t>(i)];
    EXPECT_EQ(reply.kind, Reply::Kind::kNumber);
    EXPECT_EQ(reply.number, i % 3 == 0 ? 1 : 0) << i;
  }
  const std::string statistics = server_.command({"INFO", "commandstats"}).text;
  EXPECT_NE(statistics.find("cmdstat_evalsha:calls=4,"), std::string::npos) << statistics;
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
