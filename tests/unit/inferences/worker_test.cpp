#include "inferences/worker.h"

#include <atomic>

#include "inferences/settlement.h"
#include "unit/inferences/inferences_fixture.h"

namespace inpaint::inferences {
namespace {

using std::chrono::steady_clock;

class WorkerTest : public InferencesTest {
 protected:
  // Works until it is cancelled, as the engine does on a large picture.
  static void work_until_cancelled(const Task&, const engine::Progress& progress,
                                   const engine::CancelToken& cancel) {
    progress(0.5);
    while (!cancel.cancelled()) std::this_thread::sleep_for(1ms);
    throw conflict("CANCELLED", "cancelled");
  }

  void wait_until(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(5ms);
    ASSERT_TRUE(condition());
  }
  bool is_running(const InferenceId& id) {
    return database_->read([&](Session& sql) { return repository::is_running(sql, id); });
  }
};

TEST_F(WorkerTest, trap_Q5_model_and_parameters_reach_the_backend) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  Service::Submission request = submission();
  request.model_id = "navier-stokes";
  request.parameters = R"({"quality":"high","outputFormat":".jpg"})";
  const InferenceId id = service_.submit(user, request).id;
  relay_.carry();
  deliver_next();
  const std::vector<Item> items = service_.results(user, id).items;
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[1].output_path, "results/" + id.to_string() + "/1.jpg");
  const int high = static_cast<int>(engine::Quality::kHigh);
  EXPECT_EQ(content_of(*items[1].output_path), "navier-stokes " + std::to_string(high) + " picture 1");
}

TEST_F(WorkerTest, CompletesAndConfirmsTheReservation) {
  const UserId user = add_user();
  add_dataset(user, "photos", 3);
  const InferenceId id = submit(user);
  deliver_next();
  const Inference inference = service_.find(user, id);
  EXPECT_EQ(inference.status, Status::kCompleted);
  EXPECT_EQ(inference.progress, 100);
  EXPECT_EQ(balance(user), Credits{100'00} - credits::kImageInference * 3);
  EXPECT_EQ(queue_->counts().completed, 1);
  EXPECT_TRUE(std::filesystem::is_empty(temporary_.path()));
}

TEST_F(WorkerTest, ABadPictureFailsAloneAndIsRefunded) {
  const UserId user = add_user();
  add_dataset(user, "photos", 3);
  backend_.work = [](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    if (task.image.filename() == "1.png") throw invalid("BAD_IMAGE", "The picture is damaged.");
    FakeBackend::describe(task);
  };
  const InferenceId id = submit(user);
  deliver_next();
  const Inference inference = service_.find(user, id);
  EXPECT_EQ(inference.status, Status::kCompleted);
  EXPECT_EQ(inference.tokens_refunded, credits::kImageInference);
  EXPECT_EQ(balance(user), Credits{100'00} - credits::kImageInference * 2);
  const std::vector<Item> items = service_.results(user, id).items;
  EXPECT_EQ(items[1].status, ItemStatus::kFailed);
  EXPECT_EQ(items[1].reason, "The picture is damaged.");
  EXPECT_EQ(items[2].status, ItemStatus::kDone);
}

TEST_F(WorkerTest, trap_M11_nothing_delivered_is_nothing_paid) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  backend_.work = [](const Task&, const engine::Progress&, const engine::CancelToken&) {
    throw invalid("BAD_IMAGE", "The picture is damaged.");
  };
  const InferenceId id = submit(user);
  deliver_next();
  const Inference inference = service_.find(user, id);
  EXPECT_EQ(inference.status, Status::kFailed);
  EXPECT_EQ(inference.error, "No item could be inpainted: The picture is damaged.");
  EXPECT_EQ(balance(user), Credits{100'00});
}

TEST_F(WorkerTest, AMissingBlobFailsItsItemOnly) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  const InferenceId id = submit(user);
  const std::string key =
      database_->read([&](Session& sql) { return repository::items(sql, id)[0].image_path; });
  storage_->remove(key);
  deliver_next();
  EXPECT_EQ(service_.results(user, id).items[0].status, ItemStatus::kFailed);
  EXPECT_EQ(service_.find(user, id).tokens_refunded, credits::kImageInference);
}

TEST_F(WorkerTest, AFailureOfOursIsTriedAgainAndGoesOnWhereItStopped) {
  const UserId user = add_user();
  add_dataset(user, "photos", 3);
  int processed = 0;
  backend_.work = [&](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    if (++processed == 2) throw internal("out of memory");
    FakeBackend::describe(task);
  };
  const InferenceId id = submit(user);
  deliver_next();
  EXPECT_EQ(service_.find(user, id).status, Status::kRunning);
  deliver_next();
  EXPECT_EQ(service_.find(user, id).status, Status::kCompleted);
  EXPECT_EQ(processed, 4);  // the first item was not worked on again
}

TEST_F(WorkerTest, AfterThreeFailuresItIsFailedAndRefunded) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  backend_.work = [](const Task&, const engine::Progress&, const engine::CancelToken&) {
    throw std::runtime_error("disk on fire at 10.0.0.7");
  };
  const InferenceId id = submit(user);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_TRUE(is_live(service_.find(user, id).status));
    deliver_next();
  }
  const Inference inference = service_.find(user, id);
  EXPECT_EQ(inference.status, Status::kFailed);
  EXPECT_EQ(inference.error.value().find("10.0.0.7"), std::string::npos);
  EXPECT_EQ(balance(user), Credits{100'00});
  EXPECT_FALSE(queue_->take(50ms));
}

TEST_F(WorkerTest, trap_Q1_killed_workers_leave_nothing_running_for_ever) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const queue::LeasedJob abandoned = take();  // killed right after it began
    database_->transaction([&](Session& sql) { repository::begin(sql, abandoned.id); });
    pass(options_.lease);
  }
  deliver_next();
  EXPECT_EQ(service_.find(user, id).status, Status::kFailed);
  EXPECT_EQ(balance(user), Credits{100'00});
}

TEST_F(WorkerTest, trap_Q1_after_one_kill_the_next_worker_finishes) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  const InferenceId id = submit(user);
  const queue::LeasedJob abandoned = take();
  database_->transaction([&](Session& sql) {
    repository::begin(sql, id);
    repository::record_done(sql, id, 0, "results/" + id.to_string() + "/0.png");
  });
  Worker worker(workshop(), 2);
  worker.start();  // the lease of 600 ms runs out by itself
  EXPECT_EQ(wait_for_end(user, id).status, Status::kCompleted);
  EXPECT_TRUE(worker.stop(60s));
  EXPECT_FALSE(queue_->extend(abandoned));
}

TEST_F(WorkerTest, ALongItemKeepsItsLease) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  std::atomic<int> deliveries = 0;
  backend_.work = [&](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    ++deliveries;
    std::this_thread::sleep_for(options_.lease * 2);
    FakeBackend::describe(task);
  };
  Worker worker(workshop(), 2);
  worker.start();
  EXPECT_EQ(wait_for_end(user, submit(user)).status, Status::kCompleted);
  EXPECT_EQ(deliveries, 1);
}

TEST_F(WorkerTest, AnAbortIsNoticedSoon) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  std::atomic<steady_clock::rep> stopped_at = 0;
  backend_.work = [&](const Task& task, const engine::Progress& progress, const engine::CancelToken& cancel) {
    try {
      work_until_cancelled(task, progress, cancel);
    } catch (const Error&) {
      stopped_at = steady_clock::now().time_since_epoch().count();
      throw;
    }
  };
  Worker worker(workshop(), 1);
  worker.start();
  const InferenceId id = submit(user);
  wait_until([&] { return is_running(id); });
  wait_until([&] { return service_.find(user, id).progress == 25; });  // half of the first of two
  const auto aborted_at = steady_clock::now();
  service_.abort(user, id);
  wait_until([&] { return stopped_at != 0; });
  EXPECT_LT(steady_clock::duration(stopped_at.load()) - aborted_at.time_since_epoch(), 450ms);
  wait_until([&] { return queue_->counts().completed == 1; });
  EXPECT_EQ(service_.find(user, id).status, Status::kAborted);
  EXPECT_EQ(balance(user), Credits{100'00});
}

TEST_F(WorkerTest, trap_M7_failed_never_turns_into_completed) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  backend_.work = [&](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    database_->transaction([&](Session& sql) { settlement::fail(sql, id, "somebody else gave up"); });
    FakeBackend::describe(task);
  };
  deliver_next();
  EXPECT_EQ(service_.find(user, id).status, Status::kFailed);
  EXPECT_EQ(balance(user), Credits{100'00});
  const bool settled_again = database_->transaction(
      [&](Session& sql) { return settlement::fail(sql, id, "again") || settlement::abort(sql, id); });
  EXPECT_FALSE(settled_again);
}

TEST_F(WorkerTest, trap_M5_when_the_refund_fails_the_inference_has_not_ended) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  execute("UPDATE token_transactions SET status = 'completed' WHERE operation_type = 'inference'");
  EXPECT_EQ(code_of([&] { service_.abort(user, id); }), "RESERVATION_ENDED");
  EXPECT_EQ(service_.find(user, id).status, Status::kPending);
  EXPECT_EQ(service_.find(user, id).tokens_refunded, Credits{});
  execute("UPDATE token_transactions SET status = 'pending' WHERE operation_type = 'inference'");
  service_.abort(user, id);
  EXPECT_EQ(balance(user), Credits{100'00});
}

TEST_F(WorkerTest, trap_M6_no_reservation_stays_pending) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  std::atomic<int> processed = 0;
  backend_.work = [&](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    const int turn = processed++ % 4;
    if (turn == 1) throw invalid("BAD_IMAGE", "damaged");
    if (turn == 3) throw internal("trouble");
    FakeBackend::describe(task);
  };
  Worker worker(workshop(), 2);
  worker.start();
  std::vector<InferenceId> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(submit(user));
  for (const InferenceId& id : ids) wait_for_end(user, id);
  EXPECT_EQ(number("SELECT COUNT(*) FROM token_transactions WHERE status = 'pending'"), 0);
}

TEST_F(WorkerTest, ALostLeaseStopsTheWork) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  backend_.work = work_until_cancelled;
  const queue::LeasedJob slow = take();
  std::jthread slow_worker([&] { work_on(slow); });
  wait_until([&] { return is_running(id); });
  execute("UPDATE queue_jobs SET lease = 'of another worker'");
  slow_worker.join();
  EXPECT_EQ(service_.find(user, id).status, Status::kRunning);
  EXPECT_EQ(queue_->counts().active, 1);
  service_.abort(user, id);
}

TEST_F(WorkerTest, StoppingGivesBackWhatIsNotDoneInTime) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  backend_.work = work_until_cancelled;
  const InferenceId id = submit(user);
  {
    Worker worker(workshop(), 2);
    worker.start();
    wait_until([&] { return is_running(id); });
    const auto begin = steady_clock::now();
    EXPECT_TRUE(worker.stop(30s));
    EXPECT_LT(steady_clock::now() - begin, 20s);
  }
  EXPECT_EQ(queue_->counts().waiting, 1);
  backend_.work = [](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    FakeBackend::describe(task);
  };
  const queue::LeasedJob job = take();
  EXPECT_EQ(job.attempt, 1);
  work_on(job);
  EXPECT_EQ(service_.find(user, id).status, Status::kCompleted);
}

TEST_F(WorkerTest, StoppingGivesBackWhatCantBeInterrupted) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  std::atomic<bool> may_end = false;
  backend_.work = [&](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    wait_until([&] { return may_end.load(); });
    FakeBackend::describe(task);
  };
  const InferenceId id = submit(user);
  {
    Worker worker(workshop(), 2);
    worker.start();
    wait_until([&] { return is_running(id); });
    EXPECT_FALSE(worker.stop(100ms));
    const queue::LeasedJob job = take();
    EXPECT_EQ(job.attempt, 1) << "another process has it at once, and no attempt was lost";
    may_end = true;
    wait_until([&] { return worker.busy() == 0; });
    EXPECT_EQ(service_.find(user, id).status, Status::kRunning) << "who gave it back has no say any more";
    EXPECT_TRUE(queue_->extend(job));
    deliver(workshop(), job, std::stop_token());
  }
  EXPECT_EQ(service_.find(user, id).status, Status::kCompleted);
}

TEST_F(WorkerTest, StoppingLetsQuickWorkFinish) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  std::atomic<bool> begun = false;
  backend_.work = [&](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    begun = true;
    std::this_thread::sleep_for(100ms);
    FakeBackend::describe(task);
  };
  const InferenceId id = submit(user);
  Worker worker(workshop(), 1);
  worker.start();
  wait_until([&] { return begun.load(); });
  EXPECT_TRUE(worker.stop(60s));
  EXPECT_EQ(service_.find(user, id).status, Status::kCompleted);
}

TEST_F(WorkerTest, ManyInferencesOnSeveralThreadsAllEndPaid) {
  const UserId user = add_user(Credits{1'000'00});
  add_dataset(user, "photos", 2);
  Worker worker(workshop(), 4);
  worker.start();
  std::vector<InferenceId> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(submit(user));
  for (const InferenceId& id : ids) EXPECT_EQ(wait_for_end(user, id).status, Status::kCompleted);
  EXPECT_EQ(balance(user), Credits{1'000'00} - credits::kImageInference * 100);
}

}  // namespace
}  // namespace inpaint::inferences
