#include <gtest/gtest.h>
#include <soci/soci.h>

#include <fstream>
#include <functional>
#include <string>

#include "base/error.h"
#include "credits/ledger.h"
#include "credits/prices.h"
#include "database/session.h"
#include "datasets/ingest.h"
#include "datasets/rules.h"
#include "datasets/service.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"
#include "unit/videos.h"

namespace inpaint::datasets {
namespace {

using database::Session;

class VideoIngestTest : public testing::Test {
 protected:
  VideoIngestTest() {
    database_->migrate();
    const std::string id = user_.to_string();
    database_->transaction([&](Session& sql) {
      sql << "INSERT INTO users(id, name, surname, email, password, password_changed_at, created_at, "
             "updated_at) VALUES (:id, 'A', 'B', :email, 'x', time_of(0), time_of(0), time_of(0))",
          soci::use(id), soci::use(id);
      credits::open_account(sql, user_);
    });
    service_.create(user_, "videos", {});
  }

  // Leaves the user so much.
  void spend_down_to(Credits tokens) {
    database_->transaction([&](Session& sql) {
      credits::charge_upload(sql, user_, credits::kRegistrationGift - tokens, Uuid::make(), "spent before");
    });
  }

  http::UploadedFile uploaded(const std::filesystem::path& file) {
    const auto copy = temporary_.new_path();
    std::filesystem::copy_file(file, copy);
    return {"image", file.filename(), copy, 0};
  }
  http::UploadedFile mask(int width = 64, int height = 48) {
    engine::Mask holes{width, height, {}};
    holes.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    holes.pixels[holes.pixels.size() / 2] = 255;
    const auto path = temporary_.new_path();
    media::write_mask(path, holes);
    return {"mask", "mask.png", path, 0};
  }
  Receipt add(const std::filesystem::path& video, const media::SamplingRate& rate = {}) {
    return ingest_.add_pair(user_, "videos", uploaded(video), mask(), rate);
  }

  std::string code_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.code();
    }
    return "none";
  }
  std::vector<std::string> blobs() {
    std::vector<std::string> keys;
    storage_->list("", [&](const storage::Storage::Blob& blob) { keys.push_back(blob.key); });
    return keys;
  }
  Credits balance() {
    return database_->read([&](Session& sql) { return credits::balance(sql, user_); });
  }

  test::TemporaryDirectory directory_;
  test::Videos videos_;
  storage::TemporaryArea temporary_{directory_.path() / "tmp"};
  std::unique_ptr<database::Database> database_ = test::open_database(directory_.path(), 8);
  std::unique_ptr<storage::Storage> storage_ = storage::make_local_storage(directory_.path() / "uploads");
  const UserId user_ = UserId::make();
  Service service_{*database_};
  Ingest ingest_{*database_, *storage_, temporary_, media::Limits{}};
};

const media::SamplingRate kNative{std::nullopt};

TEST_F(VideoIngestTest, PaysForWhatIsStored) {
  const Receipt receipt = add(videos_.make_numbered("a.mp4", "3"));
  EXPECT_EQ(receipt.processed_items, 3);
  EXPECT_EQ(receipt.tokens_used, credits::kVideoUploadFrame * 3);
  const Dataset dataset = service_.find(user_, "videos");
  EXPECT_EQ(dataset.item_count, 3);
  EXPECT_EQ(dataset.video_item_count, 3);
  EXPECT_EQ(blobs().size(), 4U) << "three frames and one mask for all of them";
}

TEST_F(VideoIngestTest, KeepsTheSourceOnlyForItsSound) {
  const auto silent = videos_.make_numbered("a.mp4", "1");
  const auto sounding = videos_.make_numbered("b.mp4", "1", "-f lavfi -i sine=d=1", "-c:a aac");
  add(sounding);
  EXPECT_EQ(blobs().size(), 2U);
  add(silent, {media::Fraction{2, 1}});
  EXPECT_EQ(blobs().size(), 5U);
  spend_down_to(Credits{30'00});
  add(sounding, kNative);
  const auto keys = blobs();
  EXPECT_EQ(keys.size(), 5U + 30 + 1 + 1);
  EXPECT_EQ(
      std::count_if(keys.begin(), keys.end(), [](const auto& key) { return key.ends_with("_source.mp4"); }),
      1);
}

TEST_F(VideoIngestTest, TheLastTokenPaysTheLastFrame) {
  spend_down_to(credits::kVideoUploadFrame * 3);
  const auto video = videos_.make_numbered("a.mp4", "3");
  EXPECT_EQ(code_of([&] { add(video, {media::Fraction{4, 3}}); }), "INSUFFICIENT_TOKENS");
  EXPECT_EQ(add(video).tokens_remaining, Credits{});
}

TEST_F(VideoIngestTest, trap_F4_stores_nothing_of_a_video_that_turns_out_too_dear) {
  spend_down_to(credits::kVideoUploadFrame * 2);
  // Without an index only decoding shows how many frames there are.
  const auto video = videos_.make_numbered("a.mp4", "4", "", "-g 30 -movflags frag_keyframe+empty_moov");
  EXPECT_EQ(code_of([&] { add(video); }), "INSUFFICIENT_TOKENS");
  EXPECT_EQ(balance(), credits::kVideoUploadFrame * 2);
  EXPECT_TRUE(blobs().empty());
  EXPECT_EQ(service_.find(user_, "videos").item_count, 0);
}

TEST_F(VideoIngestTest, trap_F4_stores_nothing_of_a_video_that_is_damaged_at_its_end) {
  const auto whole = test::content_of(videos_.make_numbered("a.mp4", "3", "", "-movflags +faststart"));
  const auto video = videos_.write("cut.mp4", whole.substr(0, whole.size() - 200));
  EXPECT_EQ(code_of([&] { add(video); }), "BAD_VIDEO");
  EXPECT_TRUE(blobs().empty());
}

// What this process has read by read(2), in bytes.
std::int64_t bytes_read() {
  std::ifstream counters("/proc/self/io");
  std::string name;
  std::int64_t value = 0;
  counters >> name >> value;  // "rchar: 123"
  return value;
}

TEST_F(VideoIngestTest, trap_V4_reads_the_video_once) {
  const auto video = videos_.make(
      "a.mp4", "-f lavfi -i \"testsrc2=s=640x480:d=3,noise=alls=40:allf=t\" -c:v libx264 -qp 10");
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(video));
  ASSERT_GT(size, 4'000'000);
  const auto image = uploaded(video);
  const auto holes = mask(640, 480);
  const std::int64_t before = bytes_read();
  ingest_.add_pair(user_, "videos", image, holes);
  EXPECT_LT(bytes_read() - before, size * 5 / 4);
}

TEST(SamplingRateTest, IsTakenExactly) {
  const auto parts = [](const char* text) {
    const media::Fraction rate = parse_sampling_rate(text)->frames_per_second.value();
    return std::pair(rate.numerator, rate.denominator);
  };
  EXPECT_EQ(parts("1"), std::pair(1L, 1L));
  EXPECT_EQ(parts("0.5"), std::pair(1L, 2L));
  EXPECT_EQ(parts("29.97"), std::pair(2997L, 100L));
  EXPECT_EQ(parts("0.001"), std::pair(1L, 1000L));
  EXPECT_EQ(parts("120"), std::pair(120L, 1L));
  EXPECT_FALSE(parse_sampling_rate("native")->frames_per_second.has_value());
  for (const char* text :
       {"", "0", "0.0009", "120.001", "-1", "+1", "1e1", ".5", "1.", "1..2", "1,5", "Native"}) {
    EXPECT_FALSE(parse_sampling_rate(text)) << text;
  }
}

}  // namespace
}  // namespace inpaint::datasets
