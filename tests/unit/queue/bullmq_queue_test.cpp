#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "queue/queue.h"
#include "unit/queue/redis_server.h"

namespace inpaint::queue {
namespace {

using namespace std::chrono_literals;

class BullmqQueueTest : public testing::Test {
 protected:
  void make(const Options& options) { queue_ = make_bullmq_queue({"127.0.0.1", server_.port()}, options); }

  std::string field(const InferenceId& id, const std::string& name) {
    return server_.command({"HGET", "bull:inference-processing:" + id.to_string(), name}).text;
  }

  static void expect_unavailable(const std::function<void()>& work) {
    try {
      work();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "QUEUE_UNAVAILABLE");
    }
  }

  test::RedisServer server_;
  std::unique_ptr<Queue> queue_ = make_bullmq_queue({"127.0.0.1", server_.port()}, {});
};

TEST_F(BullmqQueueTest, AJobIsWhatBullmqsToolsExpect) {
  const InferenceId id = InferenceId::make();
  queue_->add({id, 4});
  EXPECT_EQ(field(id, "name"), "process-inference");
  EXPECT_EQ(field(id, "data"), R"({"inferenceId":")" + id.to_string() + R"("})");
  EXPECT_EQ(field(id, "priority"), "4");
  const auto options = nlohmann::json::parse(field(id, "opts"));
  EXPECT_EQ(options.at("attempts"), 3);
  EXPECT_EQ(options.at("backoff").at("type"), "exponential");
}

// A hash with a field of more than 64 bytes costs Redis two dozen allocations more.
TEST_F(BullmqQueueTest, AJobOfTheFirstTurnStaysInOnePieceForRedis) {
  const InferenceId id = InferenceId::make();
  queue_->add({id});
  queue_->complete(queue_->take(20s).value());
  const redis::Command encoding{"OBJECT", "ENCODING", "bull:inference-processing:" + id.to_string()};
  EXPECT_EQ(server_.command(encoding).text, "listpack");
}

TEST_F(BullmqQueueTest, ProgressAndFailureCanBeRead) {
  const InferenceId id = InferenceId::make();
  queue_->add({id});
  const LeasedJob job = queue_->take(20s).value();
  queue_->report_progress(job, 42);
  EXPECT_EQ(field(id, "progress"), "42");
  queue_->fail(job, "no more memory");
  EXPECT_EQ(field(id, "failedReason"), "no more memory");
}

TEST_F(BullmqQueueTest, ATurnBeyondBullmqsPrioritiesIsTheLast) {
  const InferenceId far = InferenceId::make();
  const InferenceId near = InferenceId::make();
  queue_->add({far, 1LL << 40});
  queue_->add({near, 1'000'000});
  EXPECT_EQ(queue_->take(20s).value().id, near);
  EXPECT_EQ(queue_->take(20s).value().id, far);
}

TEST_F(BullmqQueueTest, FinishedJobsDoNotPileUp) {
  constexpr int kKept = 10;
  constexpr int kBetweenRemovals = 64;  // completions
  make({.keep_finished_count = kKept});
  for (int i = 0; i < 3 * kBetweenRemovals; ++i) {
    queue_->add({InferenceId::make()});
    queue_->complete(queue_->take(20s).value());
    EXPECT_LT(queue_->counts().completed, kKept + kBetweenRemovals);
  }
  EXPECT_GE(queue_->counts().completed, kKept);
}

TEST_F(BullmqQueueTest, AJobThatIsNoInferenceIsFailedAndDoesNotStop) {
  const InferenceId id = InferenceId::make();
  server_.command({"LPUSH", "bull:inference-processing:wait", "7"});
  queue_->add({id});
  EXPECT_EQ(queue_->take(20s).value().id, id);
  EXPECT_EQ(queue_->counts().failed, 1);
}

TEST_F(BullmqQueueTest, trap_Q2_a_redis_that_is_down_is_an_error_and_comes_back) {
  const InferenceId id = InferenceId::make();
  queue_->add({id});
  server_.stop();
  expect_unavailable([&] { queue_->add({InferenceId::make()}); });
  expect_unavailable([&] { queue_->take(1s); });
  expect_unavailable([&] { queue_->check(); });
  server_.start();  // empty: whatever it held is lost, and it does not know the scripts
  EXPECT_EQ(queue_->counts().waiting, 0);
  queue_->add({id, 2});
  queue_->complete(queue_->take(20s).value());
  EXPECT_EQ(queue_->counts().completed, 1);
}

TEST_F(BullmqQueueTest, WhatRedisRefusesIsAnErrorToo) {
  server_.command({"CONFIG", "SET", "requirepass", "secret"});
  expect_unavailable([&] { queue_->check(); });
  expect_unavailable([&] { queue_->add({InferenceId::make()}); });
}

TEST_F(BullmqQueueTest, ARedisThatAsksForAPasswordIsGivenIt) {
  server_.command({"ACL", "SETUSER", "painter", "on", ">brush", "~bull:*", "+@all", "-@dangerous"});
  server_.command({"CONFIG", "SET", "requirepass", "secret"});
  const auto queue_of = [&](const std::string& user, const std::string& password) {
    return make_bullmq_queue(
        {.host = "127.0.0.1", .port = server_.port(), .user = user, .password = password}, {});
  };
  for (const auto& queue : {queue_of("", "secret"), queue_of("painter", "brush")}) {
    queue->add({InferenceId::make()});
    queue->complete(queue->take(20s).value());
  }
  expect_unavailable([&] { queue_of("", "guessed")->check(); });
  expect_unavailable([&] { queue_of("painter", "secret")->take(1s); });
}

TEST_F(BullmqQueueTest, ATakeThatWaitsEndsWhenRedisDoes) {
  std::jthread stopper([&] {
    std::this_thread::sleep_for(200ms);
    server_.stop();
  });
  expect_unavailable([&] { queue_->take(30s); });
}

TEST_F(BullmqQueueTest, WhoeverWaitsForJobsIsAWorkerForBullmqsTools) {
  queue_->take(1s);
  const std::string clients = server_.command({"CLIENT", "LIST"}).text;
  EXPECT_NE(clients.find(" name=bull:aW5mZXJlbmNlLXByb2Nlc3Npbmc= "), std::string::npos) << clients;
}

}  // namespace
}  // namespace inpaint::queue
