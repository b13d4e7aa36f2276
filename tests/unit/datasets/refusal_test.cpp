#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "datasets/archive_staging.h"
#include "unit/media/zip_writer.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"
#include "unit/videos.h"

namespace inpaint::datasets {
namespace {

class RefusalTest : public testing::Test {
 protected:
  std::filesystem::path grey(int width, int height) {
    const auto path = temporary_.new_path(".png");
    engine::Image image(width, height, 1, 8);
    std::fill(image.bytes().begin(), image.bytes().end(), std::uint8_t{128});
    media::write_png(path, image);
    return path;
  }
  std::filesystem::path mask(int width, int height, std::uint8_t value, std::uint8_t middle) {
    const auto path = temporary_.new_path(".png");
    engine::Mask holes{width, height, {}};
    holes.pixels.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), value);
    holes.pixels[holes.pixels.size() / 2] = middle;
    media::write_mask(path, holes);
    return path;
  }
  // The code with which an archive of so many equal pairs ends, and how much of the budget is left.
  std::string stage_pairs(int count, const std::filesystem::path& image, const std::filesystem::path& mask,
                          RefusalBudget& refusals) {
    media::test::ZipWriter zip;
    for (int i = 0; i < count; ++i) {
      zip.add(std::to_string(i) + ".png", test::content_of(image));
      zip.add("mask_" + std::to_string(i) + ".png", test::content_of(mask));
    }
    const auto archive = temporary_.new_path(".zip");
    std::ofstream(archive, std::ios::binary) << zip.bytes();
    const DatasetId dataset = DatasetId::make();
    UploadRecord record(*database_, dataset);
    const StagingTools tools{*storage_, record, temporary_, limits_, video_limits_, memory_, &refusals};
    Stager staged(tools, dataset);
    try {
      stage_archive(
          archive, {}, tools, dataset, {}, [](std::int64_t, std::int64_t) {}, staged);
    } catch (const Error& error) {
      return error.code();
    }
    return "";
  }

  inpaint::test::TemporaryDirectory directory_;
  storage::TemporaryArea temporary_{directory_.path() / "tmp"};
  std::unique_ptr<database::Database> database_ = inpaint::test::open_database(directory_.path(), 1);
  std::unique_ptr<storage::Storage> storage_ = storage::make_local_storage(directory_.path() / "uploads");
  media::Limits limits_;
  media::VideoLimits video_limits_;
  media::MemoryBudget memory_{1 << 20};
};

TEST_F(RefusalTest, trap_F3_small_pictures_of_many_pixels) {
  RefusalBudget none(0);
  EXPECT_EQ(stage_pairs(20, grey(64, 48), mask(48, 64, 0, 255), none), "NO_VALID_PAIR")
      << "sizes are compared before anything is decoded";
  RefusalBudget ten_pairs(10 * 2 * 64 * 48);
  EXPECT_EQ(stage_pairs(10, grey(64, 48), grey(64, 48), ten_pairs), "NO_VALID_PAIR");
  RefusalBudget nine_pairs(9 * 2 * 64 * 48);
  EXPECT_EQ(stage_pairs(10, grey(64, 48), grey(64, 48), nine_pairs), "ARCHIVE_TOO_LARGE");
}

TEST_F(RefusalTest, ValidPairsTakeNothingOfTheBudget) {
  const unsigned workers = std::max(1U, std::thread::hardware_concurrency());
  RefusalBudget budget(std::int64_t{workers} * 2 * 64 * 48);
  EXPECT_EQ(stage_pairs(40, grey(64, 48), mask(64, 48, 0, 255), budget), "");
}

}  // namespace
}  // namespace inpaint::datasets
