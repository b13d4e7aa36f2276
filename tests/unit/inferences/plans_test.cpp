#include <functional>

#include "credits/ledger.h"
#include "inferences/blob_repository.h"
#include "inferences/repository.h"
#include "inferences/turn_repository.h"
#include "inferences/turns.h"
#include "unit/inferences/inferences_fixture.h"

namespace inpaint::inferences {
namespace {

class PlansTest : public testing::Test, protected OwnDirectory, protected Harness {
 protected:
  PlansTest() : Harness(directory_.path()) {}
  void SetUp() override {
    if (test::postgres() == nullptr) GTEST_SKIP() << "needs scripts/with-postgres";
  }

  // One of the 10,000 that wait afterwards.
  InferenceId fill(const UserId& user) {
    database_->transaction([&](Session& sql) {
      sql << "INSERT INTO inferences(id, user_id, dataset_name, status, model_id, item_count, turn, "
             "last_turn, tokens_reserved, created_at, updated_at) "
             "SELECT gen_random_uuid(), CAST(:user AS UUID), 'photos', 'PENDING', 'm', 1, n, n, 0, "
             "time_of(0), time_of(0) FROM generate_series(1, 10000) AS n",
          soci::use(user.to_string());
    });
    return database_->read([&](Session& sql) { return repository::live_of_user(sql, user).front(); });
  }
};

TEST_F(PlansTest, WhatRequestsAskReadsNoWholeTable) {
  test::crowd(*database_);
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

// Blocks of inferences and its indexes that this transaction has read.
long long blocks_read(Session& sql) {
  long long blocks = 0;
  sql << "SELECT SUM(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class WHERE oid = 'inferences'::regclass "
         "OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'inferences'::regclass)",
      soci::into(blocks);
  return blocks;
}

void expect_few_blocks(Session& sql, const char* question, const std::function<void()>& ask) {
  const long long before = blocks_read(sql);
  ask();
  EXPECT_LE(blocks_read(sql) - before, 30) << question;  // the planner looks into each index, too
}

// A user of whom the database knows no inference may have 10,000 by now: the counts that it plans by are up
// to a minute old. Here there are none yet...
TEST_F(PlansTest, WhatIsAskedOfOneInferenceReadsNoOthersOfItsUser) {
  const UserId user = add_user();
  const InferenceId id = fill(user);
  database_->transaction([&](Session& sql) {
    expect_few_blocks(sql, "find", [&] { EXPECT_TRUE(repository::find(sql, user, id)); });
    expect_few_blocks(sql, "find_submitted",
                      [&] { EXPECT_FALSE(repository::find_submitted(sql, user, "key")); });
    expect_few_blocks(sql, "is_running", [&] { EXPECT_FALSE(repository::is_running(sql, id)); });
    expect_few_blocks(sql, "current_turn", [&] { EXPECT_EQ(repository::current_turn(sql), 1); });
    expect_few_blocks(sql, "next_turn_of", [&] { EXPECT_EQ(repository::next_turn_of(sql, user), 10000); });
  });
}

// ... and here they are of a time when each user had one.
TEST_F(PlansTest, AnInferenceIsFoundWithoutTheOthersOfItsUser) {
  test::crowd(*database_);
  const UserId user = add_user();
  const InferenceId id = fill(user);
  database_->transaction([&](Session& sql) {
    expect_few_blocks(sql, "find", [&] { EXPECT_TRUE(repository::find(sql, user, id)); });
    expect_few_blocks(sql, "find_submitted",
                      [&] { EXPECT_FALSE(repository::find_submitted(sql, user, "key")); });
  });
}

}  // namespace
}  // namespace inpaint::inferences
