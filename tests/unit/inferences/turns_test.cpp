#include "inferences/turns.h"

#include "unit/inferences/inferences_fixture.h"

namespace inpaint::inferences {
namespace {

class TurnsTest : public InferencesTest {
 protected:
  TurnsTest() {
    add_dataset(heavy_, "photos", 4);
    add_dataset(light_, "photos", 1);
  }

  std::int64_t turn(const UserId& user, const InferenceId& id) { return service_.find(user, id).turn; }

  // One delivery that looks at the others' turns after every picture.
  InferenceId deliver_with_short_slices() {
    Workshop shop = workshop();
    shop.slice = 0ms;
    const queue::LeasedJob job = take();
    work_on(job, shop);
    return job.id;
  }

  const UserId heavy_ = add_user();
  const UserId light_ = add_user();
};

TEST_F(TurnsTest, AUsersWorkQueuesUpBehindItselfAndNotBehindOthers) {
  const InferenceId first = submit(heavy_);
  const InferenceId second = submit(heavy_);
  const InferenceId third = submit(heavy_);
  const InferenceId other = submit(light_);
  EXPECT_EQ(turn(heavy_, first), 0);
  EXPECT_EQ(turn(heavy_, second), 4);
  EXPECT_EQ(turn(heavy_, third), 8);
  EXPECT_EQ(turn(light_, other), 0);
}

TEST_F(TurnsTest, WhoComesLaterBeginsAtTheTurnThatIsServed) {
  const InferenceId ended = submit(heavy_);
  submit(heavy_);
  service_.abort(heavy_, ended);
  EXPECT_EQ(turn(light_, submit(light_)), 4);  // the idle user has saved nothing up
  EXPECT_EQ(turn(light_, submit(light_)), 5);
}

TEST_F(TurnsTest, TurnsBeginAgainWhenNothingIsLive) {
  service_.abort(heavy_, submit(heavy_));
  EXPECT_EQ(turn(heavy_, submit(heavy_)), 0);
}

TEST_F(TurnsTest, ALargeInferenceGivesWayAndGoesOnWhereItStopped) {
  int pictures = 0;
  backend_.work = [&](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    ++pictures;
    FakeBackend::describe(task);
  };
  const InferenceId large = submit(heavy_);
  const InferenceId single = submit(light_);
  EXPECT_EQ(deliver_with_short_slices(), large);
  EXPECT_EQ(pictures, 1);
  EXPECT_EQ(turn(heavy_, large), 1);
  EXPECT_EQ(deliver_with_short_slices(), single);
  EXPECT_EQ(service_.find(light_, single).status, Status::kCompleted);
  EXPECT_EQ(deliver_with_short_slices(), large);
  EXPECT_EQ(service_.find(heavy_, large).status, Status::kCompleted);
  EXPECT_EQ(pictures, 5);  // none twice
}

TEST_F(TurnsTest, GivingWayIsNoAttempt) {
  const InferenceId large = submit(heavy_);
  for (int i = 0; i < 3; ++i) {
    submit(light_);
    EXPECT_EQ(deliver_with_short_slices(), large);
    deliver_with_short_slices();
  }
  EXPECT_EQ(take().attempt, 1);
}

TEST_F(TurnsTest, NobodyGivesWayToWorkWhoseTurnIsLater) {
  const InferenceId first = submit(heavy_);
  submit(heavy_);
  deliver_with_short_slices();
  EXPECT_EQ(service_.find(heavy_, first).status, Status::kCompleted);
}

TEST_F(TurnsTest, TheTurnsAreFoundByIndexes) {
  if (test::postgres() != nullptr) GTEST_SKIP() << "asks SQLite for its plan";
  for (const char* query :
       {"SELECT COALESCE(MIN(turn), 0) FROM inferences WHERE status IN ('PENDING', 'RUNNING')",
        "SELECT last_turn FROM inferences WHERE user_id = 'x' "
        "AND status IN ('PENDING', 'RUNNING') ORDER BY last_turn DESC LIMIT 1"}) {
    const std::string plan = database_->read([&](Session& sql) {
      int number = 0;
      std::string detail;
      sql << "EXPLAIN QUERY PLAN " << query, soci::into(number), soci::into(number), soci::into(number),
          soci::into(detail);
      return detail;
    });
    EXPECT_NE(plan.find("INDEX inferences_live_"), std::string::npos) << plan;
  }
}

}  // namespace
}  // namespace inpaint::inferences
