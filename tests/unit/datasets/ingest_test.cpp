#include "datasets/ingest.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "base/error.h"
#include "credits/ledger.h"
#include "credits/prices.h"
#include "database/session.h"
#include "datasets/service.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::datasets {
namespace {

using database::Session;

class IngestTest : public testing::Test {
 protected:
  IngestTest() { database_->migrate(); }

  UserId add_user(Credits tokens = credits::kRegistrationGift) {
    const UserId user = UserId::make();
    const std::string id = user.to_string();
    database_->transaction([&](Session& sql) {
      sql << "INSERT INTO users(id, name, surname, email, password, password_changed_at, created_at, "
             "updated_at) VALUES (:id, 'A', 'B', :email, 'x', time_of(0), time_of(0), time_of(0))",
          soci::use(id), soci::use(id);
      credits::open_account(sql, user);
      const Credits surplus = credits::kRegistrationGift - tokens;
      if (surplus > Credits{}) credits::charge_upload(sql, user, surplus, Uuid::make(), "spent before");
    });
    return user;
  }

  // A grey picture of that size, or a mask with a hole in the middle.
  http::UploadedFile picture(int width = 32, int height = 24) {
    const auto path = temporary_.new_path();
    media::write_png(path, engine::Image(width, height, 3, 8));
    return {"image", "photo.png", path, 0};
  }
  http::UploadedFile mask(int width = 32, int height = 24) {
    engine::Mask holes{width, height, {}};
    holes.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    holes.pixels[holes.pixels.size() / 2] = 255;
    const auto path = temporary_.new_path();
    media::write_mask(path, holes);
    return {"mask", "mask.png", path, 0};
  }
  http::UploadedFile text(const std::string& content, const std::string& name) {
    const auto path = temporary_.new_path();
    std::ofstream(path) << content;
    return {"image", name, path, 0};
  }

  std::string code_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.code();
    }
    return "none";
  }
  std::size_t blobs() {
    std::size_t count = 0;
    storage_->list("", [&](const storage::Storage::Blob&) { ++count; });
    return count;
  }
  Credits balance(const UserId& user) {
    return database_->read([&](Session& sql) { return credits::balance(sql, user); });
  }
  void expect_right_books() {
    const auto found = database_->read([](Session& sql) { return credits::verify(sql); });
    EXPECT_TRUE(found.differences.empty()) << found.differences.front();
  }

  test::TemporaryDirectory directory_;
  storage::TemporaryArea temporary_{directory_.path() / "tmp"};
  std::unique_ptr<database::Database> database_ = test::open_database(directory_.path(), 8);
  std::unique_ptr<storage::Storage> storage_ = storage::make_local_storage(directory_.path() / "uploads");
  Service service_{*database_};
  Ingest ingest_{*database_, *storage_, temporary_, media::Limits{}};
};

TEST_F(IngestTest, StoresAPairAndChargesForIt) {
  const UserId user = add_user();
  service_.create(user, "photos", {});
  const Receipt receipt = ingest_.add_pair(user, "photos", picture(), mask());
  EXPECT_EQ(receipt.processed_items, 1);
  EXPECT_EQ(receipt.tokens_used, credits::kImageUpload);
  EXPECT_EQ(receipt.tokens_remaining, credits::kRegistrationGift - credits::kImageUpload);

  const Service::Content content = service_.content(user, "photos", 0, 10);
  ASSERT_EQ(content.items.size(), 1U);
  EXPECT_EQ(content.dataset.item_count, 1);
  EXPECT_TRUE(std::filesystem::exists(*storage_->open_file(content.items[0].image_path)));
  const engine::Mask stored = media::read_mask(*storage_->open_file(content.items[0].mask_path), {});
  EXPECT_EQ(stored.width, 32);
  EXPECT_EQ(blobs(), 2U);
  expect_right_books();
}

TEST_F(IngestTest, trap_M11_takes_nothing_for_a_text_named_png) {
  const UserId user = add_user();
  service_.create(user, "photos", {});
  const auto upload = [&] { ingest_.add_pair(user, "photos", text("hello", "photo.png"), mask()); };
  EXPECT_EQ(code_of(upload), "UNSUPPORTED_FORMAT");
  EXPECT_EQ(balance(user), credits::kRegistrationGift);
  EXPECT_EQ(service_.find(user, "photos").item_count, 0);
}

TEST_F(IngestTest, trap_V5_compares_the_sizes) {
  const UserId user = add_user();
  service_.create(user, "photos", {});
  const auto upload = [&] { ingest_.add_pair(user, "photos", picture(32, 24), mask(24, 32)); };
  EXPECT_EQ(code_of(upload), "MASK_SIZE_MISMATCH");
}

TEST_F(IngestTest, trap_F4_leaves_no_blob_when_the_charge_fails) {
  const UserId user = add_user(credits::kImageUpload);
  service_.create(user, "photos", {});
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> uploads;
    for (int i = 0; i < 4; ++i) {
      uploads.emplace_back([&] {
        const auto upload = [&] { ingest_.add_pair(user, "photos", picture(), mask()); };
        if (code_of(upload) == "INSUFFICIENT_TOKENS") ++refused;
      });
    }
  }
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(blobs(), 2U) << "of the one that was paid for";
  expect_right_books();
}

TEST_F(IngestTest, trap_M1_money_for_three_pays_for_three) {
  const UserId user = add_user(credits::kImageUpload * 3);
  service_.create(user, "photos", {});
  std::atomic<int> accepted = 0;
  {
    std::vector<std::jthread> uploads;
    for (int i = 0; i < 8; ++i) {
      uploads.emplace_back([&] {
        if (code_of([&] { ingest_.add_pair(user, "photos", picture(), mask()); }) == "none") ++accepted;
      });
    }
  }
  EXPECT_EQ(accepted, 3);
  EXPECT_EQ(balance(user), Credits{});
  EXPECT_EQ(service_.find(user, "photos").item_count, 3);
}

TEST_F(IngestTest, trap_M2_forty_parallel_uploads_are_forty_items) {
  const UserId user = add_user();
  service_.create(user, "photos", {});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 5; ++j) ingest_.add_pair(user, "photos", picture(), mask());
      });
    }
  }
  const Service::Content content = service_.content(user, "photos", 0, 100);
  ASSERT_EQ(content.items.size(), 40U);
  std::set<std::int64_t> uploads;
  for (const Item& item : content.items) uploads.insert(item.upload_index);
  EXPECT_EQ(uploads.size(), 40U);
  EXPECT_EQ(content.items.back().index, 39);
  expect_right_books();
}

TEST_F(IngestTest, AnothersDatasetIsNotThere) {
  const UserId owner = add_user();
  const UserId stranger = add_user();
  const Dataset dataset = service_.create(owner, "photos", {});
  for (const std::string& name : {std::string("photos"), dataset.id.to_string()}) {
    EXPECT_EQ(code_of([&] { ingest_.add_pair(stranger, name, picture(), mask()); }), "NOT_FOUND");
    EXPECT_EQ(code_of([&] { service_.content(stranger, name, 0, 10); }), "NOT_FOUND");
  }
}

TEST_F(IngestTest, ADatasetDeletedDuringTheUploadIsAConflict) {
  const UserId user = add_user();
  service_.create(user, "photos", {});
  const auto slot = service_.find(user, "photos").id;
  database_->transaction([&](Session& sql) { sql << "UPDATE datasets SET is_deleted = TRUE"; });
  const auto place = database_->transaction([&](Session& sql) {
    return repository::take_places(sql, user, slot, {1, 1, 0});
  });
  EXPECT_FALSE(place);
}

TEST_F(IngestTest, trap_M13_one_of_twenty_creates_of_a_name_wins) {
  const UserId user = add_user();
  std::atomic<int> created = 0;
  std::atomic<int> duplicates = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 20; ++i) {
      threads.emplace_back([&] {
        const std::string code = code_of([&] { service_.create(user, "photos", {}); });
        if (code == "none") ++created;
        if (code == "DUPLICATE_NAME") ++duplicates;
      });
    }
  }
  EXPECT_EQ(created, 1);
  EXPECT_EQ(duplicates, 19);
}

TEST_F(IngestTest, ListsByTagAndPage) {
  const UserId user = add_user();
  service_.create(user, "a", {"red", "with \"quotes\""});
  service_.create(user, "b", {"redder"});
  service_.create(user, "c", {"red"});
  const Service::Listing red = service_.list(user, {false, "red"}, 1, 0);
  EXPECT_EQ(red.total, 2);
  ASSERT_EQ(red.datasets.size(), 1U);
  EXPECT_EQ(red.datasets[0].name, "c");
  EXPECT_EQ(service_.list(user, {false, "with \"quotes\""}, 10, 0).total, 1);
  EXPECT_EQ(service_.list(user, {}, 10, 0).total, 3);
}

}  // namespace
}  // namespace inpaint::datasets
