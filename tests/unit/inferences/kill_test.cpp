#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "base/log.h"
#include "inferences/sweeper.h"
#include "unit/inferences/inferences_fixture.h"

namespace inpaint::inferences {
namespace {

constexpr int kInferences = 16;
constexpr int kKills = 12;
constexpr int kItems = 4;

// Runs `work` in a process of its own on the data directory. This process must not have opened it: a
// database connection does not survive a fork.
pid_t start_process(const std::filesystem::path& directory, const std::function<void(Harness&)>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  log::set_level(log::Level::kOff);
  Harness harness(directory);
  work(harness);
  ::_exit(0);
}

void submit_all(Harness& harness) {
  const UserId user = harness.add_user(Credits{1'000'00});
  harness.add_dataset(user, "photos", kItems);
  for (int i = 0; i < kInferences; ++i) harness.service_.submit(user, Harness::submission());
}

// The parts of `inpaint serve` that work, until somebody kills the process.
void work_for_ever(Harness& harness) {
  harness.backend_.work = [](const Task& task, const engine::Progress& progress, const engine::CancelToken&) {
    progress(0.5);
    std::this_thread::sleep_for(5ms);
    FakeBackend::describe(task);
  };
  Sweeper sweeper(*harness.database_, *harness.queue_, *harness.storage_, harness.temporary_, {});
  Worker worker(harness.workshop(), 2);
  harness.relay_.start();
  sweeper.start();
  worker.start();
  for (;;) ::pause();
}

void wait_until_all_ended(Harness& harness) {
  const std::string live = "SELECT COUNT(*) FROM inferences WHERE status IN ('PENDING', 'RUNNING')";
  for (int i = 0; i < 1500 && harness.number(live) > 0; ++i) std::this_thread::sleep_for(10ms);
  ASSERT_EQ(harness.number(live), 0);
}

TEST(KillTest, trap_Q1_killed_at_random_points_everything_ends_and_nothing_is_left) {
  const test::TemporaryDirectory directory;
  int status = 0;
  ::waitpid(start_process(directory.path(), submit_all), &status, 0);
  ASSERT_EQ(status, 0);

  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> milliseconds(5, 120);
  for (int i = 0; i < kKills; ++i) {
    const pid_t child = start_process(directory.path(), work_for_ever);
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds(random)));
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }

  Harness harness(directory.path());
  Sweeper sweeper(*harness.database_, *harness.queue_, *harness.storage_, harness.temporary_, {});
  Worker worker(harness.workshop(), 2);
  harness.relay_.start();
  sweeper.start();
  worker.start();
  wait_until_all_ended(harness);
  EXPECT_TRUE(worker.stop(60s));
  sweeper.stop();
  harness.relay_.stop();
  sweeper.remove_unnamed_blobs(Timestamp::now() + 1s);

  EXPECT_EQ(harness.differences(), std::vector<std::string>{});
  EXPECT_EQ(harness.number("SELECT COUNT(*) FROM token_transactions WHERE status = 'pending'"), 0);
  EXPECT_EQ(harness.number("SELECT COUNT(*) FROM inferences"), kInferences);
  const std::string paid =
      "SELECT COUNT(*) FROM inference_items JOIN inferences ON id = inference_id "
      "WHERE inferences.status = 'COMPLETED'";
  std::int64_t results = 0;
  harness.storage_->list("results/", [&](const storage::Storage::Blob&) { ++results; });
  EXPECT_EQ(results, harness.number(paid));
  std::int64_t areas = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path() / "tmp")) {
    EXPECT_TRUE(std::filesystem::is_empty(entry));
    ++areas;
  }
  EXPECT_EQ(areas, 1);  // that of this process
}

}  // namespace
}  // namespace inpaint::inferences
