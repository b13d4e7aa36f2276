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
    test::crowd(*database_);
  }

  InferenceId live_one_of(const UserId& user) {
    return database_->read([&](Session& sql) { return repository::live_of_user(sql, user).front(); });
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

// Blocks of the indexes of inferences that this transaction has read.
long long index_blocks_read(Session& sql) {
  long long blocks = 0;
  sql << "SELECT COALESCE(SUM(pg_stat_get_xact_blocks_fetched(indexrelid)), 0) FROM pg_index "
         "WHERE indrelid = 'inferences'::regclass",
      soci::into(blocks);
  return blocks;
}

// What the database takes for a user with one inference, or none, may have 10,000 by now: the counts that it
// plans by are up to a minute old.
TEST_F(PlansTest, WhatIsAskedOfOneInferenceReadsNoOthersOfItsUser) {
  const UserId user = add_user();
  database_->transaction([&](Session& sql) {
    sql << "INSERT INTO inferences(id, user_id, dataset_name, status, model_id, item_count, turn, last_turn, "
           "tokens_reserved, created_at, updated_at) SELECT gen_random_uuid(), CAST(:user AS UUID), "
           "'photos', "
           "'PENDING', 'm', 1, n, n, 0, time_of(0), time_of(0) FROM generate_series(1, 10000) AS n",
        soci::use(user.to_string());
  });
  const InferenceId id = live_one_of(user);
  database_->transaction([&](Session& sql) {
    const long long before = index_blocks_read(sql);
    EXPECT_TRUE(repository::find(sql, user, id));
    EXPECT_EQ(repository::next_turn_of(sql, user), 10000);
    EXPECT_LE(index_blocks_read(sql) - before, 60);  // the planner looks into each index too
  });
}

}  // namespace
}  // namespace inpaint::inferences
