#include "inferences/service.h"

#include <atomic>
#include <set>
#include <thread>

#include "inferences/settlement.h"
#include "unit/inferences/inferences_fixture.h"

namespace inpaint::inferences {
namespace {

class ServiceTest : public InferencesTest {};

TEST_F(ServiceTest, ReservesThePriceAndRings) {
  const UserId user = add_user();
  add_dataset(user, "photos", 3);
  const Inference inference = service_.submit(user, submission());
  EXPECT_EQ(inference.status, Status::kPending);
  EXPECT_EQ(inference.item_count, 3);
  EXPECT_EQ(inference.tokens_reserved, credits::kImageInference * 3);
  EXPECT_EQ(balance(user), Credits{100'00} - credits::kImageInference * 3);
  EXPECT_EQ(number("SELECT COUNT(*) FROM outbox"), 1);
  relay_.carry();
  EXPECT_EQ(number("SELECT COUNT(*) FROM outbox"), 0);
  EXPECT_EQ(take().id, inference.id);
}

TEST_F(ServiceTest, FramesOfVideosHaveTheirOwnPrice) {
  const UserId user = add_user();
  add_dataset(user, "photos", 3);
  execute("UPDATE dataset_items SET type = 'video', frame_index = item_index WHERE item_index < 2");
  EXPECT_EQ(service_.submit(user, submission()).tokens_reserved,
            credits::kFrameInference * 2 + credits::kImageInference);
}

TEST_F(ServiceTest, AcceptsADatasetByItsId) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const std::string id = database_->read([](Session& sql) {
    std::string text;
    sql << "SELECT id FROM datasets", soci::into(text);
    return text;
  });
  EXPECT_EQ(service_.submit(user, submission(id)).dataset_name, "photos");
}

TEST_F(ServiceTest, RefusesWhatCannotBeWorkedOn) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  add_dataset(user, "nothing", 0);
  add_dataset(user, "gone", 1);
  execute("UPDATE datasets SET is_deleted = TRUE WHERE name = 'gone'");
  Service::Submission video = submission();
  video.output_format = OutputFormat::kMp4;
  EXPECT_EQ(code_of([&] { service_.submit(user, submission("nothing")); }), "EMPTY_DATASET");
  EXPECT_EQ(code_of([&] { service_.submit(user, submission("unknown")); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { service_.submit(user, submission("gone")); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { service_.submit(add_user(), submission()); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { service_.submit(user, video); }), "BAD_OUTPUT_FORMAT");
  EXPECT_EQ(balance(user), Credits{100'00});
  EXPECT_EQ(number("SELECT COUNT(*) FROM inferences"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM outbox"), 0);
}

TEST_F(ServiceTest, trap_M1_of_sixty_at_once_exactly_as_many_are_accepted_as_can_be_paid) {
  const UserId user = add_user();  // 100 tokens pay for 36 at 2.75
  add_dataset(user, "photos", 1);
  std::atomic<int> accepted = 0;
  std::atomic<int> refused = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 12; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const std::string code = code_of([&] { service_.submit(user, submission()); });
        if (code.empty()) ++accepted;
        if (code == "INSUFFICIENT_TOKENS") ++refused;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(accepted, 36);
  EXPECT_EQ(refused, 24);
  EXPECT_EQ(balance(user), Credits{1'00});
  EXPECT_EQ(number("SELECT COUNT(*) FROM inferences"), 36);
  EXPECT_EQ(number("SELECT COUNT(*) FROM inference_items"), 36);
}

TEST_F(ServiceTest, ARepeatedKeyGivesTheFirstInferenceAndChargesOnce) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  Service::Submission first = submission();
  first.idempotency_key = "order-1";
  first.parameters = R"({"quality":"low","blendMode":"normal"})";
  Service::Submission same = first;
  same.parameters = R"({"blendMode":"normal","quality":"low"})";
  const InferenceId id = service_.submit(user, first).id;
  execute("UPDATE datasets SET is_deleted = TRUE");  // a repeat needs nothing but the first
  EXPECT_EQ(service_.submit(user, same).id, id);
  EXPECT_EQ(balance(user), Credits{100'00} - credits::kImageInference);
}

TEST_F(ServiceTest, AKeyReusedForSomethingElseIsRefused) {
  const UserId user = add_user();
  const UserId other = add_user();
  add_dataset(user, "photos", 1);
  add_dataset(other, "photos", 1);
  Service::Submission first = submission();
  first.idempotency_key = "order-1";
  Service::Submission different = first;
  different.parameters = R"({"quality":"low"})";
  const InferenceId id = service_.submit(user, first).id;
  EXPECT_EQ(code_of([&] { service_.submit(user, different); }), "IDEMPOTENCY_KEY_REUSED");
  EXPECT_NE(service_.submit(other, first).id, id);  // keys of different users do not meet
}

TEST_F(ServiceTest, ConcurrentRepeatsMakeOneInference) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  std::mutex mutex;
  std::set<InferenceId> ids;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      Service::Submission repeated = submission();
      repeated.idempotency_key = "order-1";
      for (int i = 0; i < 5; ++i) {
        const InferenceId id = service_.submit(user, repeated).id;
        const std::lock_guard lock(mutex);
        ids.insert(id);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(balance(user), Credits{100'00} - credits::kImageInference);
}

TEST_F(ServiceTest, trap_Q4_another_users_inference_is_one_that_is_not_there) {
  const UserId user = add_user();
  const UserId stranger = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  deliver_next();
  const std::string output = service_.results(user, id).items.front().output_path.value();
  EXPECT_EQ(code_of([&] { service_.find(stranger, id); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { service_.results(stranger, id); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { service_.abort(stranger, id); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { service_.name_of_result(stranger, output); }), "NOT_FOUND");
  EXPECT_EQ(service_.list(stranger, std::nullopt, 10, 0).total, 0);
  EXPECT_EQ(service_.name_of_result(user, output), "photo.png");
}

TEST_F(ServiceTest, ListsNewestFirstByPageAndStatus) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  std::vector<InferenceId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(service_.submit(user, submission()).id);
    std::this_thread::sleep_for(2ms);
  }
  service_.abort(user, ids[1]);
  const Service::Listing page = service_.list(user, std::nullopt, 2, 0);
  EXPECT_EQ(page.total, 3);
  ASSERT_EQ(page.inferences.size(), 2u);
  EXPECT_EQ(page.inferences[0].id, ids[2]);
  const Service::Listing aborted = service_.list(user, Status::kAborted, 10, 0);
  EXPECT_EQ(aborted.total, 1);
  EXPECT_EQ(aborted.inferences.at(0).id, ids[1]);
}

TEST_F(ServiceTest, ResultsAreRefusedUntilCompleted) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  EXPECT_EQ(code_of([&] { service_.results(user, id); }), "INFERENCE_NOT_COMPLETED");
  deliver_next();
  EXPECT_EQ(service_.results(user, id).items.size(), 1u);
}

TEST_F(ServiceTest, AbortGivesTheTokensBackOnce) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  const InferenceId id = submit(user);
  const Inference aborted = service_.abort(user, id);
  EXPECT_EQ(aborted.status, Status::kAborted);
  EXPECT_EQ(aborted.tokens_refunded, credits::kImageInference * 2);
  EXPECT_EQ(service_.abort(user, id).status, Status::kAborted);
  EXPECT_EQ(balance(user), Credits{100'00});
  EXPECT_FALSE(queue_->take(0ms));
}

TEST_F(ServiceTest, WhatHasEndedIsNotAborted) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  deliver_next();
  EXPECT_EQ(code_of([&] { service_.abort(user, id); }), "INFERENCE_ENDED");
  EXPECT_EQ(service_.find(user, id).status, Status::kCompleted);
}

TEST_F(ServiceTest, trap_M4_a_refund_leaves_a_recharge_made_meanwhile) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  database_->transaction([&](Session& sql) { credits::recharge(sql, user, Credits{50'00}, "test"); });
  service_.abort(user, id);
  EXPECT_EQ(balance(user), Credits{150'00});
}

TEST_F(ServiceTest, trap_M7_abort_and_completion_at_once_settle_once) {
  const UserId user = add_user(Credits{1'000'00});
  add_dataset(user, "photos", 1);
  for (int round = 0; round < 40; ++round) {
    const InferenceId id = submit(user);
    const Credits before = balance(user);
    std::jthread aborter([&] { code_of([&] { service_.abort(user, id); }); });
    if (const auto job = queue_->take(0ms)) work_on(*job);
    aborter.join();
    const Status status = service_.find(user, id).status;
    ASSERT_TRUE(status == Status::kAborted || status == Status::kCompleted);
    EXPECT_EQ(balance(user), status == Status::kAborted ? before + credits::kImageInference : before);
  }
  EXPECT_EQ(number("SELECT COUNT(*) FROM token_transactions WHERE status = 'pending'"), 0);
}

TEST_F(ServiceTest, DeletingAUserAbortsWhatIsLiveInTheSameTransaction) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId live = submit(user);
  const std::string id = user.to_string();
  database_->transaction([&](Session& sql) {
    settlement::abort_inferences_of(sql, user);
    sql << "DELETE FROM users WHERE id = :id", soci::use(id);
  });
  deliver_next();  // the worker finds it ended
  EXPECT_EQ(number("SELECT COUNT(*) FROM inferences WHERE status = 'ABORTED'"), 1);
  EXPECT_EQ(number("SELECT hundredths(SUM(amount)) FROM token_transactions"), 100'00);
  EXPECT_EQ(queue_->counts().completed, 1);
}

TEST_F(ServiceTest, trap_Q3_the_status_of_an_inference_does_not_hang_on_the_queue) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  deliver_next();
  execute("DELETE FROM queue_jobs");
  EXPECT_EQ(service_.find(user, id).status, Status::kCompleted);
  EXPECT_EQ(service_.results(user, id).items.size(), 1u);
}

// A queue that does not answer.
class DeadQueue final : public queue::Queue {
 public:
  void add_all(std::span<const queue::Job>) override { refuse(); }
  std::optional<queue::LeasedJob> take(std::chrono::milliseconds) override { refuse(); }
  bool extend(const queue::LeasedJob&) override { refuse(); }
  void report_progress(const queue::LeasedJob&, int) override { refuse(); }
  void complete(const queue::LeasedJob&) override { refuse(); }
  queue::FailOutcome fail(const queue::LeasedJob&, const std::string&) override { refuse(); }
  void release(const queue::LeasedJob&, std::int64_t) override { refuse(); }
  bool has_due_before(std::int64_t) override { refuse(); }
  void remove(InferenceId) override { refuse(); }
  void set_paused(bool) override { refuse(); }
  queue::Counts counts() override { refuse(); }
  void check() override { refuse(); }

 private:
  [[noreturn]] static void refuse() {
    throw Error(ErrorKind::kUnavailable, "QUEUE_UNAVAILABLE", "The queue does not answer.");
  }
};

TEST_F(ServiceTest, trap_Q2_a_queue_that_is_down_delays_work_and_loses_none) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  DeadQueue dead;
  Relay relay(*database_, dead);
  Service service(*database_, dead, relay);
  const InferenceId first = service.submit(user, submission()).id;
  const InferenceId second = service.submit(user, submission()).id;
  EXPECT_THROW(relay.carry(), Error);
  service.abort(user, second);
  relay_.carry();  // the queue is back
  deliver_next();
  EXPECT_EQ(service_.find(user, first).status, Status::kCompleted);
  EXPECT_EQ(service_.find(user, second).status, Status::kAborted);
}

}  // namespace
}  // namespace inpaint::inferences
