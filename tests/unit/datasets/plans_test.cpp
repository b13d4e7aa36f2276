#include <gtest/gtest.h>

#include "datasets/repository.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::datasets {
namespace {

TEST(PlansTest, WhatRequestsAskReadsNoWholeTable) {
  if (test::postgres() == nullptr) GTEST_SKIP() << "needs scripts/with-postgres";
  const test::TemporaryDirectory directory;
  const auto database = test::open_database(directory.path(), 2);
  database->migrate();
  test::crowd(*database);
  const UserId user = UserId::make();
  const DatasetId dataset = DatasetId::make();
  database->transaction([&](database::Session& sql) {
    const long long before = test::whole_tables_read(sql);
    repository::list(sql, user, {}, database::Window::of(100, 0, 20));
    repository::list(sql, user, {true, "red"}, database::Window::of(100, 80, 20));
    repository::count(sql, user, {});
    repository::find(sql, user, "photos");
    repository::find(sql, user, dataset.to_string());
    repository::items(sql, dataset, 0, 20);
    repository::find_blob_name(sql, user, "datasets/x.png");
    EXPECT_EQ(test::whole_tables_read(sql) - before, 0);
  });
}

}  // namespace
}  // namespace inpaint::datasets
