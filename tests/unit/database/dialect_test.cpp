#include "database/dialect.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/credits.h"
#include "database/query.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::database {
namespace {

// The same on whichever database the tests run.
class DialectTest : public testing::Test {
 protected:
  DialectTest() : database_(test::open_database(directory_.path(), 2)) { database_->migrate(); }

  long long number(const std::string& query, long long value) {
    return database_->read([&](Session& sql) { return select<NumberRow>(sql, query, value).front(); });
  }
  std::string text(const std::string& query, const std::string& value) {
    return database_->read([&](Session& sql) {
      std::string found;
      sql << query, soci::use(value), soci::into(found);
      return found;
    });
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
};

TEST_F(DialectTest, AmountsAndTimesComeBackToTheLastDigit) {
  for (const std::int64_t value :
       {INT64_C(0), INT64_C(1), INT64_C(-1), INT64_C(65), INT64_C(275), kMaximumBalance.hundredths()}) {
    EXPECT_EQ(number("SELECT hundredths(tokens_of(:value))", value), value);
  }
  for (const long long value : {0LL, 1LL, 999LL, 1'769'860'800'123LL, 4'102'444'800'999LL}) {
    EXPECT_EQ(number("SELECT epoch_ms(time_of(:value))", value), value);
  }
}

TEST_F(DialectTest, TagsComeBackAndAreFoundWhole) {
  const nlohmann::json tags{"red", "with \"quotes\"", "back\\slash", "änd ünïcode", "{braces}", ""};
  EXPECT_EQ(nlohmann::json::parse(text("SELECT tags_json(tags_of(:tags))", tags.dump())), tags);
  EXPECT_EQ(nlohmann::json::parse(text("SELECT tags_json(tags_of(:tags))", "[]")), nlohmann::json::array());
  const auto has = [&](const std::string& tag) {
    return database_->read([&](Session& sql) {
      return select<NumberRow>(sql, "SELECT has_tag(tags_of(:tags), :tag)", tags.dump(), tag).front() != 0;
    });
  };
  for (const auto& tag : tags) EXPECT_TRUE(has(tag.get<std::string>())) << tag;
  for (const char* tag : {"re", "redder", "quotes", "Red"}) EXPECT_FALSE(has(tag)) << tag;
}

TEST_F(DialectTest, AViewGivesADatasetsDataAsJson) {
  database_->transaction([](Session& sql) {
    const std::string id = "018f0000-0000-7000-8000-000000000001";
    change(sql,
           "INSERT INTO datasets(id, name, item_count, video_item_count, created_at, updated_at) "
           "VALUES (:id, 'd', 2, 1, time_of(0), time_of(0))",
           id);
    change(sql,
           "INSERT INTO dataset_items(dataset_id, item_index, upload_index, frame_index, type, image_path, "
           "mask_path, image_name, created_at) VALUES (:id, 1, 1, 0, 'video', 'b', 'bm', 'b', time_of(0))",
           id);
    change(sql,
           "INSERT INTO dataset_items(dataset_id, item_index, upload_index, type, image_path, mask_path, "
           "image_name, created_at) VALUES (:id, 0, 0, 'image', 'a', 'am', 'a', time_of(0))",
           id);
  });
  const nlohmann::json data = nlohmann::json::parse(
      text("SELECT CAST(data AS TEXT) FROM datasets_with_data WHERE name = :name", "d"));
  EXPECT_EQ(data["type"], "mixed");
  ASSERT_EQ(data["pairs"].size(), 2U);
  EXPECT_EQ(data["pairs"][0],
            nlohmann::json::parse(
                R"({"imagePath":"a","maskPath":"am","type":"image","frameIndex":null,"uploadIndex":0})"));
  EXPECT_EQ(data["pairs"][1]["frameIndex"], 0);
}

}  // namespace
}  // namespace inpaint::database
