#include "inferences/sweeper.h"

#include <set>

#include "unit/inferences/inferences_fixture.h"

namespace inpaint::inferences {
namespace {

class SweeperTest : public InferencesTest {
 protected:
  std::set<std::string> keys() {
    std::set<std::string> found;
    storage_->list("", [&](const storage::Storage::Blob& blob) { found.insert(blob.key); });
    return found;
  }
  static Timestamp later() { return Timestamp::now() + 1h; }

  Sweeper sweeper_{*database_, *queue_, *storage_, temporary_, SweeperOptions{.silence = -1h}};
};

TEST_F(SweeperTest, trap_Q2_an_emptied_queue_is_rung_again) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId pending = submit(user);
  const InferenceId running = submit(user);
  database_->transaction([&](Session& sql) { repository::begin(sql, running); });
  execute("DELETE FROM queue_jobs");
  sweeper_.ring_for_silent();
  deliver_next();
  deliver_next();
  EXPECT_EQ(service_.find(user, pending).status, Status::kCompleted);
  EXPECT_EQ(service_.find(user, running).status, Status::kCompleted);
}

TEST_F(SweeperTest, WhatIsInTheQueueIsNotRungTwice) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  submit(user);
  sweeper_.ring_for_silent();
  take();
  sweeper_.ring_for_silent();
  EXPECT_FALSE(queue_->take(0ms));
}

TEST_F(SweeperTest, trap_M6_reservations_of_ended_inferences_are_settled) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId failed = submit(user);
  const InferenceId completed = submit(user);
  execute("UPDATE inferences SET status = 'FAILED', tokens_refunded = tokens_reserved WHERE id = '" +
          failed.to_string() + "'");
  execute("UPDATE inferences SET status = 'COMPLETED' WHERE id = '" + completed.to_string() + "'");
  sweeper_.settle_forgotten();
  EXPECT_EQ(balance(user), Credits{100'00} - credits::kImageInference);
}

TEST_F(SweeperTest, trap_F4_blobs_that_no_row_names_are_removed) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  deliver_next();
  const std::set<std::string> named = keys();
  ASSERT_EQ(named.size(), 3u);  // picture, mask, result
  put("datasets/x/lost.png", "lost");
  put("results/" + id.to_string() + "/99.png", "lost");
  sweeper_.remove_unnamed_blobs(Timestamp::now() + -1h);
  EXPECT_EQ(keys().size(), 5u);  // too young: their rows may be about to be written
  sweeper_.remove_unnamed_blobs(later());
  EXPECT_EQ(keys(), named);
}

TEST_F(SweeperTest, trap_F4_files_of_an_upload_under_way_stay_until_it_is_dead) {
  const std::string busy = DatasetId::make().to_string();
  const std::string key = "datasets/" + busy + "/staged.png";
  put(key, "its row is written at the end of the upload");
  put("datasets/" + DatasetId::make().to_string() + "/lost.png", "lost");
  execute("INSERT INTO uploads_under_way(id, dataset_id, renewed_at) VALUES ('" + Uuid::make().to_string() +
          "', '" + busy + "', time_of(" + std::to_string(Timestamp::now().unix_ms) + "))");
  sweeper_.remove_unnamed_blobs(later());
  EXPECT_EQ(keys(), std::set<std::string>{key});
  EXPECT_EQ(sweeper_.sweep_files(Timestamp::now() + -1min), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM uploads_under_way"), 1);
  EXPECT_EQ(sweeper_.sweep_files(later()), 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM uploads_under_way"), 0);
}

TEST_F(SweeperTest, WhatALiveInferenceStoresMayBeAboutToBeNamed) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const std::string key = "results/" + submit(user).to_string() + "/video-0.mp4";
  put(key, "a result");
  sweeper_.remove_unnamed_blobs(later());
  EXPECT_TRUE(keys().contains(key));
  deliver_next();
  sweeper_.remove_unnamed_blobs(later());
  EXPECT_FALSE(keys().contains(key));
}

// Files that can't be removed, and a step that always fails.
class StubbornStorage final : public storage::Storage {
 public:
  explicit StubbornStorage(storage::Storage& inner) : inner_(inner) {}
  void put_file(std::string_view key, const std::filesystem::path& file) override {
    inner_.put_file(key, file);
  }
  std::shared_ptr<const std::filesystem::path> open_file(std::string_view key) override {
    return inner_.open_file(key);
  }
  std::shared_ptr<ByteSource> open(std::string_view key) override { return inner_.open(key); }
  std::optional<std::string> make_link(std::string_view, const Presentation&) override { return {}; }
  void remove(std::string_view key) override {
    if (key.find("stubborn") != std::string_view::npos) throw internal("it is somebody else's");
    inner_.remove(key);
  }
  void list(std::string_view prefix, const std::function<void(const Blob&)>& visit) override {
    inner_.list(prefix, visit);
  }
  void remove_leftovers(Timestamp, const std::function<bool(const std::string&)>&) override {
    throw internal("no right to list uploads");
  }
  void check() override {}

 private:
  storage::Storage& inner_;
};

TEST_F(SweeperTest, WhatCantBeRemovedHoldsUpNothingElse) {
  StubbornStorage stubborn(*storage_);
  Sweeper sweeper(*database_, *queue_, stubborn, temporary_, {});
  for (const char* name : {"1", "2", "stubborn", "3", "4"}) {
    put("datasets/x/" + std::string(name) + ".png", "lost");
  }
  EXPECT_THROW(sweeper.sweep_files(later()), Error);
  EXPECT_EQ(keys(), std::set<std::string>{"datasets/x/stubborn.png"});
}

TEST_F(SweeperTest, ResultsGoWithTheirUserAndWithTheAbort) {
  const UserId user = add_user();
  const UserId leaver = add_user();
  add_dataset(user, "photos", 1);
  add_dataset(leaver, "photos", 1);
  const InferenceId aborted = submit(user);
  database_->transaction([&](Session& sql) {
    repository::begin(sql, aborted);
    repository::record_done(sql, aborted, 0, "results/" + aborted.to_string() + "/0.png");
  });
  put("results/" + aborted.to_string() + "/0.png", "done before the abort");
  service_.abort(user, aborted);
  submit(leaver);
  deliver_next();
  const std::string id = leaver.to_string();
  execute("DELETE FROM users WHERE id = '" + id + "'");
  sweeper_.remove_unnamed_blobs(later());
  for (const std::string& key : keys()) EXPECT_FALSE(key.starts_with("results/")) << key;
  EXPECT_EQ(keys().size(), 2u);  // the dataset that has an owner stays
}

TEST_F(SweeperTest, trap_F4_pictures_go_some_time_after_their_dataset) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  const auto delete_at = [&](Timestamp moment) {
    execute("UPDATE datasets SET is_deleted = TRUE, updated_at = time_of(" + std::to_string(moment.unix_ms) +
            ")");
  };
  delete_at(Timestamp::now() + -SweeperOptions().retention + 1h);
  sweeper_.remove_unnamed_blobs(later());
  EXPECT_EQ(keys().size(), 2u);  // picture and mask
  delete_at(Timestamp::now() + -SweeperOptions().retention + -1h);
  sweeper_.remove_unnamed_blobs(later());
  EXPECT_EQ(keys().size(), 2u);  // the work on them is not done
  deliver_next();
  sweeper_.remove_unnamed_blobs(later());
  EXPECT_EQ(keys(), std::set<std::string>{"results/" + id.to_string() + "/0.png"});
}

TEST_F(SweeperTest, WhatLiveWorkNeedsStaysWhenItsDatasetGoes) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  execute("DELETE FROM datasets");
  sweeper_.remove_unnamed_blobs(later());
  deliver_next();
  EXPECT_EQ(service_.find(user, id).status, Status::kCompleted);
  sweeper_.remove_unnamed_blobs(later());
  EXPECT_EQ(keys(), std::set<std::string>{"results/" + id.to_string() + "/0.png"});
}

TEST_F(SweeperTest, AtStartWhatDeadProcessesLeftIsRemovedWithoutGrace) {
  put("results/x/0.png", "written by a process that died");
  std::this_thread::sleep_for(50ms);
  const storage::TemporaryArea shared(directory_.path() / "tmp");
  storage::TemporaryArea alone(directory_.path() / "tmp-of-the-next");
  put("results/y/0.png", "its row is about to be written");
  Sweeper sweeper(*database_, *queue_, *storage_, alone, {});
  sweeper.start();
  for (int i = 0; i < 200 && keys().size() > 1; ++i) std::this_thread::sleep_for(5ms);
  sweeper.stop();
  EXPECT_EQ(keys(), std::set<std::string>{"results/y/0.png"});
}

TEST_F(SweeperTest, AtStartWhatProcessesElsewhereMayBeStoringStays) {
  put("results/x/0.png", "written by a process of another machine");
  std::this_thread::sleep_for(50ms);
  storage::TemporaryArea alone(directory_.path() / "tmp-of-this-machine");
  Sweeper sweeper(*database_, *queue_, *storage_, alone, {.files_are_elsewhere = true});
  sweeper.start();
  std::this_thread::sleep_for(200ms);
  sweeper.stop();
  EXPECT_EQ(keys(), std::set<std::string>{"results/x/0.png"});
}

}  // namespace
}  // namespace inpaint::inferences
