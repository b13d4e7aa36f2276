#include "media/video.h"

#include "inferences/blob_repository.h"
#include "inferences/video_repository.h"
#include "media/media.h"
#include "unit/inferences/inferences_fixture.h"
#include "unit/videos.h"

namespace inpaint::inferences {
namespace {

constexpr int kSide = 32;

// Datasets of videos whose frames are plain grey, so that a frame can be told in the result.
class VideoInferenceTest : public InferencesTest {
 protected:
  VideoInferenceTest() {
    backend_.work = [this](const Task& task, const engine::Progress&, const engine::CancelToken&) {
      ++worked_on_;
      media::write_jpeg(task.output, media::read_image(task.image, {}));
    };
  }

  static int grey_of(int frame) { return 20 + 40 * frame; }
  static std::string key_of(int frame) { return "datasets/d/frame_" + std::to_string(frame) + ".jpg"; }

  void put_frame(int frame) {
    engine::Image image(kSide, kSide, 3, 8);
    for (std::uint8_t& sample : image.bytes()) sample = static_cast<std::uint8_t>(grey_of(frame));
    const auto path = temporary_.new_path();
    media::write_jpeg(path, image);
    storage_->put_file(key_of(frame), path);
  }

  // A video of `count` frames, two a second.
  void add_video(const UserId& user, int count) {
    const std::string id = DatasetId::make().to_string();
    const std::string owner = user.to_string();
    put("datasets/d/mask.png", "mask");
    for (int i = 0; i < count; ++i) put_frame(i);
    database_->transaction([&](Session& sql) {
      sql << "INSERT INTO datasets(id, user_id, name, item_count, video_item_count, created_at, updated_at) "
             "VALUES (:id, :user, 'photos', :count, :count2, time_of(0), time_of(0))",
          soci::use(id), soci::use(owner), soci::use(count), soci::use(count);
      for (int i = 0; i < count; ++i) {
        const std::string key = key_of(i);
        sql << "INSERT INTO dataset_items(dataset_id, item_index, upload_index, frame_index, frame_time, "
               "type, "
               "image_path, mask_path, image_name, created_at) VALUES (:id, :index, 7, :frame, :time, "
               "'video', "
               ":image, 'datasets/d/mask.png', 'clip.mp4', time_of(0))",
            soci::use(id), soci::use(i), soci::use(i), soci::use(i), soci::use(key);
      }
      sql << "INSERT INTO dataset_videos(dataset_id, upload_index, time_base_numerator, "
             "time_base_denominator, "
             "end_time) VALUES (:id, 7, 1, 2, :end)",
          soci::use(id), soci::use(count);
    });
  }

  std::vector<std::string> results() {
    std::vector<std::string> keys;
    storage_->list("results/", [&](const storage::Storage::Blob& blob) { keys.push_back(blob.key); });
    return keys;
  }

  // (time, grey) of each frame of the result.
  std::vector<std::pair<double, int>> shown(const std::string& key) {
    media::VideoReader reader(*storage_->open_file(key), {std::nullopt}, {});
    const media::Fraction unit = reader.time_base();
    std::vector<std::pair<double, int>> frames;
    while (const auto frame = reader.next()) {
      const int grey = frame->image.bytes()[frame->image.bytes().size() / 2];
      frames.emplace_back(
          static_cast<double>(frame->time * unit.numerator) / static_cast<double>(unit.denominator),
          (grey + 20) / 40 * 40 - 20);
    }
    length_ = static_cast<double>(reader.end_time() * unit.numerator) / static_cast<double>(unit.denominator);
    return frames;
  }

  int worked_on_ = 0;
  double length_ = 0;  // of what shown() read, in seconds
};

TEST_F(VideoInferenceTest, MakesOneVideoAndKeepsNothingElse) {
  const UserId user = add_user();
  add_video(user, 4);
  const InferenceId id = submit(user);
  EXPECT_EQ(balance(user), credits::kRegistrationGift - credits::kFrameInference * 4);
  deliver_next();
  const Service::Results found = service_.results(user, id);
  ASSERT_EQ(found.videos.size(), 1U);
  EXPECT_EQ(found.videos[0].upload_index, 7);
  const std::string output = found.videos[0].output_path.value();
  EXPECT_EQ(results(), std::vector<std::string>{output});
  EXPECT_EQ(service_.name_of_result(user, output), "clip.mp4");
  using Frames = std::vector<std::pair<double, int>>;
  EXPECT_EQ(shown(output), (Frames{{0, 20}, {0.5, 60}, {1, 100}, {1.5, 140}}));
  EXPECT_EQ(length_, 2);
}

TEST_F(VideoInferenceTest, AFrameThatFailsIsRefundedAndTheOneBeforeIsShown) {
  const UserId user = add_user();
  add_video(user, 5);
  const InferenceId id = submit(user);
  storage_->remove(key_of(0));
  storage_->remove(key_of(3));
  deliver_next();
  const Service::Results found = service_.results(user, id);
  using Frames = std::vector<std::pair<double, int>>;
  EXPECT_EQ(shown(found.videos[0].output_path.value()), (Frames{{0, 60}, {1, 100}, {2, 180}}));
  EXPECT_EQ(length_, 2.5);
  EXPECT_EQ(found.items[0].status, ItemStatus::kFailed);
  EXPECT_EQ(found.items[3].status, ItemStatus::kFailed);
  EXPECT_EQ(balance(user), credits::kRegistrationGift - credits::kFrameInference * 3);
}

TEST_F(VideoInferenceTest, AVideoWithoutAnyFrameIsNone) {
  const UserId user = add_user();
  add_video(user, 2);
  const InferenceId id = submit(user);
  storage_->remove(key_of(0));
  storage_->remove(key_of(1));
  deliver_next();
  EXPECT_EQ(service_.find(user, id).status, Status::kFailed);
  EXPECT_EQ(balance(user), credits::kRegistrationGift);
  EXPECT_TRUE(results().empty());
}

TEST_F(VideoInferenceTest, GoesOnWithTheFramesThatAreLeft) {
  const UserId user = add_user();
  add_video(user, 4);
  const InferenceId id = submit(user);
  auto copy = backend_.work;
  backend_.work = [&](const Task& task, const engine::Progress& progress, const engine::CancelToken& cancel) {
    if (worked_on_ == 2) throw std::runtime_error("the machine fails");
    copy(task, progress, cancel);
  };
  deliver_next();
  EXPECT_EQ(results().size(), 2U);
  backend_.work = copy;
  pass(1h);
  deliver_next();
  EXPECT_EQ(worked_on_, 4) << "no frame twice";
  EXPECT_EQ(service_.find(user, id).status, Status::kCompleted);
  EXPECT_EQ(results().size(), 1U);
}

TEST_F(VideoInferenceTest, AVideoThatWasMadeBeforeACrashIsNotMadeAgain) {
  const UserId user = add_user();
  add_video(user, 2);
  const InferenceId id = submit(user);
  deliver_next();
  const std::string output = service_.results(user, id).videos[0].output_path.value();
  // As after a crash between the video and the end.
  database_->transaction([&](Session& sql) {
    EXPECT_FALSE(repository::record_video(sql, id, 7, "results/other.mp4")) << "an end is final";
  });
  EXPECT_EQ(service_.results(user, id).videos[0].output_path, output);
}

TEST_F(VideoInferenceTest, FramesThatACrashLeftGoWithTheNextDelivery) {
  const UserId user = add_user();
  add_video(user, 2);
  const InferenceId id = submit(user);
  const std::string directory = "results/" + id.to_string() + "/";
  for (const char* name : {"0.jpg", "1.jpg", "video-7.mp4"}) put(directory + name, "a result");
  database_->transaction([&](Session& sql) {
    repository::begin(sql, id);
    repository::record_done(sql, id, 0, directory + "0.jpg");
    repository::record_done(sql, id, 1, directory + "1.jpg");
    repository::record_video(sql, id, 7, directory + "video-7.mp4");
  });
  deliver_next();
  EXPECT_EQ(service_.find(user, id).status, Status::kCompleted);
  EXPECT_EQ(results(), std::vector<std::string>{directory + "video-7.mp4"});
}

TEST_F(VideoInferenceTest, TheSweeperKeepsVideosAndTheirSources) {
  const UserId user = add_user();
  add_video(user, 2);
  put("datasets/d/source.mp4", "source");
  put("datasets/d/unnamed.mp4", "nobody's");
  execute("UPDATE dataset_videos SET source_path = 'datasets/d/source.mp4'");
  database_->read([](Session& sql) {
    EXPECT_TRUE(repository::is_named(sql, "datasets/d/source.mp4", Timestamp::now()));
    EXPECT_FALSE(repository::is_named(sql, "datasets/d/unnamed.mp4", Timestamp::now()));
  });
  execute("UPDATE dataset_videos SET source_path = NULL");
  const InferenceId id = submit(user);
  deliver_next();
  const std::string output = service_.results(user, id).videos[0].output_path.value();
  database_->read([&](Session& sql) { EXPECT_TRUE(repository::is_named(sql, output, Timestamp::now())); });
}

}  // namespace
}  // namespace inpaint::inferences
