#include "database/database.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "base/error.h"
#include "database/session.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::database {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = test::open_database(directory_.path(), 3);
    database_->transaction([](Session& sql) { sql << "CREATE TABLE counter(id INTEGER UNIQUE, n INTEGER)"; });
    database_->transaction([](Session& sql) { sql << "INSERT INTO counter VALUES (1, 0)"; });
  }

  int count() {
    return database_->read([](Session& sql) {
      int n = 0;
      sql << "SELECT n FROM counter WHERE id = 1", soci::into(n);
      return n;
    });
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
};

TEST_F(DatabaseTest, CommitsWhatReturnsAndRollsBackWhatThrows) {
  database_->transaction([](Session& sql) { sql << "UPDATE counter SET n = 1"; });
  EXPECT_EQ(count(), 1);
  EXPECT_THROW(database_->transaction([](Session& sql) {
    sql << "UPDATE counter SET n = 2";
    throw invalid("NO", "no");
  }),
               Error);
  EXPECT_EQ(count(), 1);
}

TEST_F(DatabaseTest, trap_M3_a_second_connection_inside_a_transaction_is_refused_at_once) {
  EXPECT_THROW(database_->transaction([&](Session&) { count(); }), Error);
  EXPECT_EQ(count(), 0);  // and the connection is usable again
}

TEST_F(DatabaseTest, trap_M3_more_threads_than_connections_never_freeze) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 25; ++k) {
        database_->transaction([](Session& sql) { sql << "UPDATE counter SET n = n + 1"; });
      }
    });
  }
  threads.clear();
  EXPECT_EQ(count(), 300);
}

TEST_F(DatabaseTest, NamesAUniqueViolation) {
  try {
    database_->transaction([](Session& sql) { sql << "INSERT INTO counter VALUES (1, 5)"; });
    FAIL() << "the row was accepted twice";
  } catch (const Error& error) {
    EXPECT_TRUE(is_unique_violation(error));
  }
}

TEST_F(DatabaseTest, ErrorsNeverRepeatBoundValues) {
  try {
    database_->read([](Session& sql) {
      const std::string secret = "hunter2";
      int n = 0;
      sql << "SELECT n FROM counter WHERE nothing = :secret", soci::use(secret), soci::into(n);
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
    EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
  }
}

TEST_F(DatabaseTest, trap_Q6_many_processes_migrating_at_once_make_one_schema) {
  std::vector<std::jthread> threads;
  std::atomic<int> failures = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      try {
        test::open_database(directory_.path(), 1, "fresh")->migrate();
      } catch (const std::exception&) {
        ++failures;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(failures, 0);
  auto fresh = test::open_database(directory_.path(), 1, "fresh");
  const int version = fresh->migrate();
  EXPECT_GE(version, 1);
  EXPECT_EQ(fresh->migrate(), version);
}

TEST_F(DatabaseTest, trap_Q6_many_processes_open_a_new_file_at_once) {
  if (test::postgres() != nullptr) GTEST_SKIP() << "PostgreSQL has no file to make";
  constexpr int kProcesses = 6;
  std::atomic<int> failures = 0;
  for (int round = 0; round < 100; ++round) {
    std::barrier start(kProcesses);
    std::vector<std::jthread> threads;
    for (int i = 0; i < kProcesses; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        try {
          test::open_database(directory_.path(), 1, "new" + std::to_string(round));
        } catch (const std::exception&) {
          ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
}

TEST_F(DatabaseTest, RefusesASchemaFromTheFuture) {
  database_->migrate();
  database_->transaction(
      [](Session& sql) { sql << "INSERT INTO schema_migrations VALUES (1000, time_of(0))"; });
  EXPECT_THROW(database_->migrate(), Error);
}

}  // namespace
}  // namespace inpaint::database
