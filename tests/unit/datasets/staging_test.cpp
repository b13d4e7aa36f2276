#include "datasets/staging.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/error.h"
#include "database/session.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::datasets {
namespace {

using namespace std::chrono_literals;

// A bucket that takes so many files and is not there any more then.
class VanishingStorage final : public storage::Storage {
 public:
  int files_left = 0;
  int removals = 0;

  void put_file(std::string_view, const std::filesystem::path&) override {
    if (files_left-- == 0) throw gone();
  }
  void remove(std::string_view) override {
    ++removals;
    if (files_left < 0) throw gone();
  }
  std::shared_ptr<const std::filesystem::path> open_file(std::string_view) override { throw gone(); }
  std::shared_ptr<ByteSource> open(std::string_view) override { throw gone(); }
  std::optional<std::string> make_link(std::string_view, const Presentation&) override { return {}; }
  void list(std::string_view, const std::function<void(const Blob&)>&) override {}
  void remove_leftovers(Timestamp, const std::function<bool(const std::string&)>&) override {}
  void check() override {}

 private:
  static Error gone() { return {ErrorKind::kUnavailable, "STORAGE_UNAVAILABLE", "Try again later."}; }
};

class StagingTest : public testing::Test {
 protected:
  StagingTest() { database_->migrate(); }

  http::UploadedFile picture() const {
    const auto path = temporary_.new_path(".png");
    media::write_png(path, engine::Image(8, 8, 3, 8));
    return {"image", "photo.png", path, 0};
  }
  http::UploadedFile mask() const {
    engine::Mask holes{8, 8, std::vector<std::uint8_t>(64)};
    holes.pixels[9] = 255;
    const auto path = temporary_.new_path(".png");
    media::write_mask(path, holes);
    return {"mask", "mask.png", path, 0};
  }
  // Stages pairs until one is refused. The code of that.
  std::string stage_pairs(int count, UploadRecord& record) {
    Stager stager({storage_, record, temporary_, limits_, video_limits_, memory_}, dataset_);
    return code_of([&] {
      for (int i = 0; i < count; ++i) stager.stage(picture(), mask(), {}, [](std::int64_t) {});
    });
  }
  static std::string code_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return "";
  }
  std::string end(UploadRecord& record) {
    return code_of([&] { database_->transaction([&](database::Session& sql) { record.end(sql); }); });
  }
  int rows() {
    int count = 0;
    database_->read(
        [&](database::Session& sql) { sql << "SELECT COUNT(*) FROM uploads_under_way", soci::into(count); });
    return count;
  }
  void sweep() {
    database_->transaction([](database::Session& sql) { sql << "DELETE FROM uploads_under_way"; });
  }

  inpaint::test::TemporaryDirectory directory_;
  storage::TemporaryArea temporary_{directory_.path() / "tmp"};
  std::unique_ptr<database::Database> database_ = test::open_database(directory_.path(), 4);
  const DatasetId dataset_ = DatasetId::make();
  VanishingStorage storage_;
  media::Limits limits_;
  media::VideoLimits video_limits_;
  media::MemoryBudget memory_{1 << 20};
};

TEST_F(StagingTest, WhatIsLeftInAStorageThatIsGoneIsNotRemovedOneByOne) {
  storage_.files_left = 21;
  UploadRecord record(*database_, dataset_);
  EXPECT_EQ(stage_pairs(20, record), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(storage_.removals, 2) << "one of the pair, and one of those before it";
}

TEST_F(StagingTest, OneThatAnswersGetsAllOfThemTakenAway) {
  storage_.files_left = 40;
  UploadRecord record(*database_, dataset_);
  EXPECT_EQ(stage_pairs(20, record), "");
  EXPECT_EQ(storage_.removals, 40);
}

TEST_F(StagingTest, AnUploadIsOnRecordOnlyWhenItTakesItsTime) {
  storage_.files_left = 100;
  UploadRecord quick(*database_, dataset_);
  UploadRecord slow(*database_, dataset_, {.renewal = 1ms});
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(stage_pairs(1, quick), "");
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(stage_pairs(1, slow), "");
  EXPECT_EQ(rows(), 1);
  EXPECT_EQ(end(slow), "");
  EXPECT_EQ(rows(), 0);
}

TEST_F(StagingTest, ItsRecordGoesWithAnUploadThatIsRefused) {
  storage_.files_left = 1;
  {
    UploadRecord record(*database_, dataset_, {.renewal = 0ms});
    EXPECT_EQ(stage_pairs(1, record), "STORAGE_UNAVAILABLE");
    EXPECT_EQ(rows(), 1);
  }
  EXPECT_EQ(rows(), 0);
}

TEST_F(StagingTest, trap_M11_whose_files_may_be_swept_is_refused) {
  storage_.files_left = 100;
  UploadRecord renewed(*database_, dataset_, {.renewal = 0ms});
  renewed.renew();
  sweep();
  EXPECT_EQ(stage_pairs(1, renewed), "UPLOAD_TOO_SLOW");
  EXPECT_EQ(end(renewed), "UPLOAD_TOO_SLOW");
  EXPECT_EQ(rows(), 0);

  UploadRecord silent(*database_, dataset_, {.renewal = 0ms, .silence = 1ms});
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(stage_pairs(1, silent), "UPLOAD_TOO_SLOW");
  EXPECT_EQ(end(silent), "UPLOAD_TOO_SLOW");
}

}  // namespace
}  // namespace inpaint::datasets
