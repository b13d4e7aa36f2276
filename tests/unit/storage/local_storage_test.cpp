#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "base/error.h"
#include "storage/storage.h"
#include "unit/temporary_directory.h"

namespace inpaint::storage {
namespace {

namespace fs = std::filesystem;

class LocalStorageTest : public testing::Test {
 protected:
  fs::path make_file(const std::string& content) const {
    fs::path path = outside_.path() / Uuid::make().to_string();
    std::ofstream(path) << content;
    return path;
  }
  std::string content_of(std::string_view key) const {
    std::ifstream file(*storage_->open_file(key));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::set<std::string> keys(std::string_view prefix = "") const {
    std::set<std::string> found;
    storage_->list(prefix, [&](const Storage::Blob& blob) { found.insert(blob.key); });
    return found;
  }
  fs::path root() const { return directory_.path() / "blobs"; }

  test::TemporaryDirectory directory_;
  test::TemporaryDirectory outside_;
  std::unique_ptr<Storage> storage_ = make_local_storage(root());
};

TEST_F(LocalStorageTest, KeepsAFileUnderItsKeyAndTakesItAway) {
  const fs::path file = make_file("picture");
  storage_->put_file("datasets/a/1.png", file);
  EXPECT_EQ(content_of("datasets/a/1.png"), "picture");
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(LocalStorageTest, ReplacesWhatWasThere) {
  storage_->put_file("a/b", make_file("old"));
  storage_->put_file("a/b", make_file("new"));
  EXPECT_EQ(content_of("a/b"), "new");
}

TEST_F(LocalStorageTest, CopiesFromAnotherFileSystem) {
  const fs::path elsewhere = fs::path("/dev/shm") / Uuid::make().to_string();
  std::ofstream(elsewhere) << "far";
  storage_->put_file("a/far", elsewhere);
  EXPECT_EQ(content_of("a/far"), "far");
  EXPECT_FALSE(fs::exists(elsewhere));
  EXPECT_EQ(keys(), std::set<std::string>{"a/far"});
}

TEST_F(LocalStorageTest, RemovesABlobAndTheDirectoriesItLeavesEmpty) {
  storage_->put_file("datasets/a/1.png", make_file("1"));
  storage_->put_file("datasets/b/2.png", make_file("2"));
  storage_->remove("datasets/a/1.png");
  storage_->remove("datasets/a/1.png");  // what is not there is fine
  EXPECT_THROW(storage_->open_file("datasets/a/1.png"), Error);
  EXPECT_FALSE(fs::exists(root() / "datasets/a"));
  EXPECT_EQ(keys(), std::set<std::string>{"datasets/b/2.png"});
}

TEST_F(LocalStorageTest, ListsByPrefix) {
  for (const char* key : {"datasets/a/1", "datasets/ab/1", "results/a/1"}) {
    storage_->put_file(key, make_file("x"));
  }
  EXPECT_EQ(keys("datasets/"), (std::set<std::string>{"datasets/a/1", "datasets/ab/1"}));
  EXPECT_EQ(keys("datasets/a/"), (std::set<std::string>{"datasets/a/1"}));
  EXPECT_EQ(keys("nothing/"), std::set<std::string>{});
}

TEST_F(LocalStorageTest, trap_F2_a_key_never_leads_out_of_the_directory) {
  const std::string too_long(513, 'a');
  for (const std::string key : {"../secret", "/etc/passwd", "a/../../secret", "a/./b", "..", ".", "", "a//b",
                                "a/", "/a", ".hidden", "a/.hidden", "a\\b", "a b", "a\nb", "ä",

                                "a:b", "~root", "%2e%2e/x"}) {
    EXPECT_THROW(storage_->open_file(key), Error) << key;
    EXPECT_THROW(storage_->put_file(key, make_file("x")), Error) << key;
    EXPECT_THROW(storage_->remove(key), Error) << key;
  }
  EXPECT_THROW(storage_->open_file(std::string("a\0b", 3)), Error);
  EXPECT_THROW(storage_->open_file(too_long), Error);
  EXPECT_EQ(keys(), std::set<std::string>{});
}

TEST_F(LocalStorageTest, OpensNeitherDirectoriesNorSymbolicLinks) {
  storage_->put_file("a/b", make_file("x"));
  EXPECT_THROW(storage_->open_file("a"), Error);
  fs::create_symlink("/etc/passwd", root() / "link");
  EXPECT_THROW(storage_->open_file("link"), Error);
}

TEST_F(LocalStorageTest, LeftoversAreInvisibleAndRemovedOnceOld) {
  storage_->put_file("a/b", make_file("x"));
  std::ofstream(root() / "a" / ".incoming-1") << "half";
  std::ofstream(root() / ".probe-1") << "half";
  EXPECT_EQ(keys(), std::set<std::string>{"a/b"});
  const Timestamp now = Timestamp::now();
  storage_->remove_leftovers(now + std::chrono::hours(-1), {});
  EXPECT_TRUE(fs::exists(root() / "a" / ".incoming-1"));
  storage_->remove_leftovers(now + std::chrono::hours(1), {});
  EXPECT_FALSE(fs::exists(root() / "a" / ".incoming-1"));
  EXPECT_FALSE(fs::exists(root() / ".probe-1"));
  EXPECT_EQ(content_of("a/b"), "x");
}

TEST_F(LocalStorageTest, ABlobIsAsOldAsItsStoringNotAsItsFile) {
  const fs::path file = make_file("x");
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(100));
  storage_->put_file("a/b", file);
  storage_->list("", [](const Storage::Blob& blob) {
    EXPECT_GT(blob.stored_at, Timestamp::now() + std::chrono::seconds(-60));
    EXPECT_EQ(blob.size_bytes, 1);
  });
}

// Puts race with removals that take the emptied directory away under them.
TEST_F(LocalStorageTest, ManyThreadsPuttingAndRemovingLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kBlobs = 40;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kBlobs; ++i) {
        const std::string key = "datasets/shared/" + std::to_string(t) + "-" + std::to_string(i);
        storage_->put_file(key, make_file(key));
        if (i % 4 != 0) storage_->remove(key);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(keys().size(), static_cast<std::size_t>(kThreads * kBlobs / 4));
  for (const std::string& key : keys()) EXPECT_EQ(content_of(key), key);
}

TEST_F(LocalStorageTest, CheckFailsWhenTheDirectoryIsGone) {
  EXPECT_NO_THROW(storage_->check());
  EXPECT_EQ(keys(), std::set<std::string>{});
  fs::remove_all(root());
  EXPECT_THROW(storage_->check(), Error);
}

}  // namespace
}  // namespace inpaint::storage
