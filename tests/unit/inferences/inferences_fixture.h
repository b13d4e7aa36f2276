#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "credits/ledger.h"
#include "credits/prices.h"
#include "database/session.h"
#include "inferences/repository.h"
#include "inferences/service.h"
#include "inferences/worker.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::inferences {

using database::Session;
using namespace std::chrono_literals;

// Writes down what it was told to do instead of inpainting; a test may replace what it does.
class FakeBackend final : public Backend {
 public:
  using Work = std::function<void(const Task&, const engine::Progress&, const engine::CancelToken&)>;

  static void describe(const Task& task) {
    std::ifstream image(task.image);
    std::ofstream(task.output) << task.model_id << ' ' << static_cast<int>(task.parameters.engine.quality)
                               << ' ' << image.rdbuf();
  }

  void process(const Task& task, const engine::Progress& progress,
               const engine::CancelToken& cancel) const override {
    work(task, progress, cancel);
  }

  Work work = [](const Task& task, const engine::Progress&, const engine::CancelToken&) { describe(task); };
};

// The parts on one data directory: a real SQLite file, a real local directory, the embedded queue with short
// times.
class Harness {
 public:
  explicit Harness(const std::filesystem::path& directory) : data_directory_(directory) {
    database_->migrate();
  }

  UserId add_user(Credits tokens = credits::kRegistrationGift) {
    const UserId user = UserId::make();
    const std::string id = user.to_string();
    database_->transaction([&](Session& sql) {
      sql << "INSERT INTO users(id, name, surname, email, password, password_changed_at, created_at, "
             "updated_at) VALUES (:id, 'A', 'B', :email, 'x', time_of(0), time_of(0), time_of(0))",
          soci::use(id), soci::use(id);
      credits::open_account(sql, user);
      if (tokens > credits::kRegistrationGift) {
        credits::recharge(sql, user, tokens - credits::kRegistrationGift, "test");
      }
    });
    return user;
  }

  // A dataset of `count` pictures; picture i is the text "picture i".
  void add_dataset(const UserId& user, const std::string& name, int count) {
    const std::string id = DatasetId::make().to_string();
    const std::string owner = user.to_string();
    std::vector<std::string> keys;
    for (int i = 0; i < count; ++i) {
      keys.push_back("datasets/" + id + "/" + std::to_string(i));
      put(keys.back() + ".png", "picture " + std::to_string(i));
      put(keys.back() + "-mask.png", "mask");
    }
    database_->transaction([&](Session& sql) {
      sql << "INSERT INTO datasets(id, user_id, name, item_count, created_at, updated_at) "
             "VALUES (:id, :user, :name, :count, time_of(0), time_of(0))",
          soci::use(id), soci::use(owner), soci::use(name), soci::use(count);
      for (int i = 0; i < count; ++i) {
        const std::string image = keys[static_cast<std::size_t>(i)] + ".png";
        const std::string mask = keys[static_cast<std::size_t>(i)] + "-mask.png";
        sql << "INSERT INTO dataset_items(dataset_id, item_index, upload_index, type, image_path, mask_path, "
               "image_name, created_at) VALUES (:id, :index, :upload, 'image', :image, :mask, 'photo.png', "
               "time_of(0))",
            soci::use(id), soci::use(i), soci::use(i), soci::use(image), soci::use(mask);
      }
    });
  }

  void put(const std::string& key, const std::string& content) {
    const auto path = temporary_.new_path();
    std::ofstream(path) << content;
    storage_->put_file(key, path);
  }

  std::string content_of(const std::string& key) {
    std::ifstream file(*storage_->open_file(key));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static Service::Submission submission(const std::string& dataset = "photos") {
    return {dataset, "telea", "{}", OutputFormat::kPng, std::nullopt};
  }

  InferenceId submit(const UserId& user, const std::string& dataset = "photos") {
    const InferenceId id = service_.submit(user, submission(dataset)).id;
    relay_.carry();
    return id;
  }

  // Takes the next job and works on it on this thread.
  void deliver_next() { work_on(take()); }

  void work_on(const queue::LeasedJob& job) { work_on(job, workshop()); }
  void work_on(const queue::LeasedJob& job, const Workshop& workshop) {
    if (deliver(workshop, job, std::stop_token())) queue_->complete(job);
  }

  queue::LeasedJob take() {
    const auto job = queue_->take(2s);
    if (!job) throw std::runtime_error("no job was due");
    return *job;
  }

  Workshop workshop() { return {*database_, *queue_, *storage_, backend_, temporary_, options_}; }

  Inference wait_for_end(const UserId& user, const InferenceId& id) {
    for (int i = 0; i < 1000; ++i) {
      const Inference inference = service_.find(user, id);
      if (!is_live(inference.status)) return inference;
      std::this_thread::sleep_for(10ms);
    }
    throw std::runtime_error("the inference does not end");
  }

  Credits balance(const UserId& user) {
    return database_->read([&](Session& sql) { return credits::balance(sql, user); });
  }
  std::vector<std::string> differences() {
    return database_->read([](Session& sql) { return credits::verify(sql).differences; });
  }
  std::int64_t number(const std::string& query) {
    return database_->read([&](Session& sql) {
      long long value = 0;
      sql << query, soci::into(value);
      return value;
    });
  }
  void execute(const std::string& statement) {
    database_->transaction([&](Session& sql) { sql << statement; });
  }
  // As if that much time had passed for every lease and backoff.
  void pass(std::chrono::milliseconds time) {
    const std::string shift = std::to_string(time.count());
    execute("UPDATE queue_jobs SET available_at = available_at - " + shift +
            ", lease_until = lease_until - " + shift);
  }

  static std::string code_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return "";
  }

  std::filesystem::path data_directory_;
  std::unique_ptr<database::Database> database_ = test::open_database(data_directory_, 8);
  std::unique_ptr<storage::Storage> storage_ = storage::make_local_storage(data_directory_ / "blobs");
  storage::TemporaryArea temporary_{data_directory_ / "tmp"};
  queue::Options options_{.maximum_attempts = 3, .lease = 600ms, .first_backoff = 1ms};
  std::unique_ptr<queue::Queue> queue_ = queue::make_embedded_queue(*database_, options_);
  Relay relay_{*database_, *queue_};
  Service service_{*database_, *queue_, relay_};
  FakeBackend backend_;
};

struct OwnDirectory {
  test::TemporaryDirectory directory_;
};

class InferencesTest : public testing::Test, protected OwnDirectory, protected Harness {
 protected:
  InferencesTest() : Harness(directory_.path()) {}
  // Whatever a test did, the books are right at its end.
  void TearDown() override { EXPECT_EQ(differences(), std::vector<std::string>{}); }
};

}  // namespace inpaint::inferences
