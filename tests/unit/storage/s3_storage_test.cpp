// What holds of a bucket, asked of a real server: below scripts/with-s3 only.
#include "storage/s3_storage.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/uuid.h"
#include "storage/s3_bucket.h"
#include "unit/temporary_directory.h"

namespace inpaint::storage {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class S3StorageTest : public testing::Test {
 protected:
  void SetUp() override {
    if (variable("INPAINT_TEST_S3").empty()) GTEST_SKIP() << "no S3 server";
    options_.endpoint = variable("S3_ENDPOINT");
    options_.bucket = variable("S3_BUCKET");
    options_.region = variable("S3_REGION");
    options_.key_id = variable("AWS_ACCESS_KEY_ID");
    options_.secret = variable("AWS_SECRET_ACCESS_KEY");
    options_.part_bytes = 5 << 20;
    options_.patience = 2s;
    storage_ = make_s3_storage(options_, temporary_);
  }

  fs::path make_file(const std::string& content) const {
    fs::path path = temporary_.new_path();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  std::string put(const std::string& content) {
    std::string key = directory_key_ + Uuid::make().to_string() + ".png";
    storage_->put_file(key, make_file(content));
    return key;
  }
  std::string content_of(const std::string& key) {
    std::ifstream file(*storage_->open_file(key), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::set<std::string> keys(std::string_view prefix) {
    std::set<std::string> found;
    storage_->list(prefix, [&](const Storage::Blob& blob) { found.insert(blob.key); });
    return found;
  }
  std::size_t temporary_files() const {
    const fs::directory_iterator files(temporary_.path());
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }
  static std::string code_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return "";
  }
  static std::string bytes(std::size_t count) {
    std::string content(count, '\0');
    for (std::size_t i = 0; i < count; ++i) content[i] = static_cast<char>(i * 31 % 251);
    return content;
  }

  test::TemporaryDirectory directory_;
  TemporaryArea temporary_{directory_.path() / "tmp"};
  S3Options options_;
  std::unique_ptr<Storage> storage_;
  const std::string directory_key_ = "datasets/" + Uuid::make().to_string() + "/";  // of this test alone
};

TEST_F(S3StorageTest, KeepsAFileUnderItsKeyAndTakesItAway) {
  const std::string key = put("picture");
  EXPECT_EQ(content_of(key), "picture");
  EXPECT_EQ(temporary_files(), 0U);
  storage_->put_file(key, make_file("another"));
  EXPECT_EQ(content_of(key), "another");
  EXPECT_EQ(content_of(put("")), "");
}

TEST_F(S3StorageTest, ACopyLivesAsLongAsItsPointer) {
  const auto copy = storage_->open_file(put("picture"));
  EXPECT_EQ(copy->extension(), ".png");
  EXPECT_EQ(temporary_files(), 1U);
}

TEST_F(S3StorageTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(code_of([&] { storage_->open_file(directory_key_ + "absent.png"); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { storage_->open(directory_key_ + "absent.png"); }), "NOT_FOUND");
  EXPECT_NO_THROW(storage_->remove(directory_key_ + "absent.png"));
  EXPECT_EQ(code_of([&] { storage_->open("../secret"); }), "BAD_STORAGE_KEY");
}

TEST_F(S3StorageTest, ALargeFileGoesInPartsAndComesBackWhole) {
  const std::string content = bytes(12'345'678);  // two parts and a rest
  EXPECT_TRUE(content_of(put(content)) == content);
}

TEST_F(S3StorageTest, AnyPieceIsReadFromWhereItIs) {
  const std::string content = bytes(3'000'000);
  const auto source = storage_->open(put(content));
  EXPECT_EQ(source->size_bytes(), 3'000'000);
  const auto read = [&](std::int64_t offset, std::size_t count) {
    std::string piece(count, '\0');
    source->read(offset, piece);
    return piece == content.substr(static_cast<std::size_t>(offset), count);
  };
  EXPECT_TRUE(read(0, 1));
  EXPECT_TRUE(read(2'999'999, 1));
  EXPECT_TRUE(read(100'000, 2'000'000));
  EXPECT_TRUE(read(5, 10));
  for (std::int64_t offset = 0; offset < 3'000'000; offset += 250'000) EXPECT_TRUE(read(offset, 250'000));
}

TEST_F(S3StorageTest, ListsByPrefixWithSizesAndTimes) {
  std::set<std::string> put_keys;
  for (int i = 0; i < 5; ++i) put_keys.insert(put(std::string(static_cast<std::size_t>(i), 'x')));
  EXPECT_EQ(keys(directory_key_), put_keys);
  storage_->list(directory_key_, [](const Storage::Blob& blob) {
    EXPECT_LE(blob.size_bytes, 4);
    EXPECT_GT(blob.stored_at + 60s, Timestamp::now());
    EXPECT_LT(blob.stored_at, Timestamp::now() + 60s);
  });
  for (const std::string& key : put_keys) storage_->remove(key);
  EXPECT_EQ(keys(directory_key_), std::set<std::string>{});
}

TEST_F(S3StorageTest, ListsMoreThanAPage) {
  constexpr int kCount = 1'050;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = t; i < kCount; i += 8) {
          storage_->put_file(directory_key_ + std::to_string(i), make_file("x"));
        }
      });
    }
  }
  EXPECT_EQ(keys(directory_key_).size(), static_cast<std::size_t>(kCount));
}

TEST_F(S3StorageTest, trap_F4_UploadsThatNobodyEndedAreSwept) {
  S3Bucket bucket(options_);
  const std::string key = directory_key_ + "a.png";
  const fs::path file = make_file("a part");
  bucket.put_part(key, bucket.begin_upload(key), 1, {file, 0, 6});
  ASSERT_EQ(bucket.uploads().size(), 1U);
  storage_->remove_leftovers(Timestamp::now() + -60s, [](const std::string&) { return false; });
  EXPECT_EQ(bucket.uploads().size(), 1U) << "it may be under way";
  storage_->remove_leftovers(Timestamp::now() + 60s, [&](const std::string& of) { return of == key; });
  EXPECT_EQ(bucket.uploads().size(), 1U) << "it is under way";
  storage_->remove_leftovers(Timestamp::now() + 60s, [](const std::string&) { return false; });
  EXPECT_TRUE(bucket.uploads().empty());
  EXPECT_EQ(keys(directory_key_), std::set<std::string>{});
}

TEST_F(S3StorageTest, CheckLeavesNothing) {
  EXPECT_NO_THROW(storage_->check());
  EXPECT_EQ(keys("probes/"), std::set<std::string>{});
}

TEST_F(S3StorageTest, AWrongKeyIsRefusedAndNotRepeated) {
  options_.secret = "wrong";
  const auto begin = std::chrono::steady_clock::now();
  const auto wrong = make_s3_storage(options_, temporary_);
  try {
    wrong->put_file(directory_key_ + "a.png", make_file("x"));
    FAIL() << "the server does not check signatures";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "STORAGE_UNAVAILABLE");  // what is wrong is for the log, not for clients
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST_F(S3StorageTest, WithoutAServerItGivesUpAfterItsPatience) {
  options_.endpoint = "http://127.0.0.1:1";
  options_.patience = 500ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto absent = make_s3_storage(options_, temporary_);
  EXPECT_EQ(code_of([&] { absent->check(); }), "STORAGE_UNAVAILABLE");
  EXPECT_GT(std::chrono::steady_clock::now() - begin, 100ms);
}

TEST_F(S3StorageTest, LinksOnlyWhenClientsAreToUseThem) {
  const Storage::Presentation shown{"image/png", "attachment", "private"};
  EXPECT_FALSE(storage_->make_link("datasets/a.png", shown));
  options_.redirect = true;
  options_.public_endpoint = "https://files.example";
  const auto url = make_s3_storage(options_, temporary_)->make_link("datasets/a.png", shown);
  EXPECT_TRUE(url.value().starts_with("https://files.example/inpaint/datasets/a.png?X-Amz-Algorithm="));
}

}  // namespace
}  // namespace inpaint::storage
