#include "credits/ledger.h"
#include "inferences/blob_repository.h"
#include "inferences/repository.h"
#include "inferences/turns.h"
#include "unit/inferences/inferences_fixture.h"

namespace inpaint::inferences {
namespace {

class PlansTest : public testing::Test, protected OwnDirectory, protected Harness {
 protected:
  PlansTest() : Harness(directory_.path()) {}
  void SetUp() override {
    if (test::postgres() == nullptr) GTEST_SKIP() << "needs scripts/with-postgres";
    test::crowd(*database_);
  }
};

TEST_F(PlansTest, WhatRequestsAskReadsNoWholeTable) {
  const UserId user = add_user();
  const InferenceId id = InferenceId::make();
  database_->transaction([&](Session& sql) {
    const long long before = test::whole_tables_read(sql);
    repository::list(sql, user, std::nullopt, database::Window::of(100, 0, 20));
    repository::list(sql, user, Status::kCompleted, database::Window::of(100, 80, 20));
    repository::count(sql, user, std::nullopt);
    repository::find(sql, user, id);
    repository::find_dataset(sql, user, "photos");
    repository::find_dataset(sql, user, id.to_string());
    repository::find_submitted(sql, user, "key");
    repository::items(sql, id);
    repository::find_output_name(sql, user, "results/x.png");
    repository::live_of_user(sql, user);
    repository::is_running(sql, id);
    fair_turn(sql, user);
    repository::is_named(sql, "datasets/x.png", Timestamp::now());
    credits::recent_entries(sql, user, 10);
    credits::balance(sql, user);
    EXPECT_EQ(test::whole_tables_read(sql) - before, 0);
  });
}

}  // namespace
}  // namespace inpaint::inferences
