// What the schema holds by itself, whoever writes, and that data of older versions of it comes along.
#include "database/schema.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/uuid.h"
#include "database/session.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::database {
namespace {

constexpr int kNewest = 7;

const Schema& schema() {
  return test::postgres() == nullptr ? sqlite_schema() : postgres_schema();
}

class SchemaTest : public testing::Test {
 protected:
  static void execute(Database& database, const std::string& statement) {
    database.transaction([&](Session& sql) { sql << statement; });
  }
  static std::string one(Database& database, const std::string& query) {
    return database.read([&](Session& sql) {
      std::string value;
      sql << query, soci::into(value);
      return value;
    });
  }

  // An installation of that version, as its program left it.
  std::unique_ptr<Database> installed(int version) const {
    auto database = test::open_database(directory_.path(), 1, "version" + std::to_string(version));
    database->transaction([&](Session& sql) {
      for (const std::string_view statement : schema().preparation) sql << std::string(statement);
      for (const Migration& migration : schema().migrations.first(static_cast<std::size_t>(version))) {
        for (const std::string_view statement : migration.statements) sql << std::string(statement);
        sql << "INSERT INTO schema_migrations VALUES (" << migration.version << ", time_of(0))";
      }
    });
    return database;
  }

  // A user with a dataset of one picture, an inference of it, and the rows of the ledger for both.
  void fill(Database& database) const {
    execute(
        database,
        "INSERT INTO users(id, name, surname, email, password, tokens, password_changed_at, created_at, "
        "updated_at) VALUES ('" +
            user_ +
            "', 'Ada', 'L', 'ada@example.com', 'x', tokens_of(9660), time_of(1), time_of(2), time_of(3))");
    execute(database,
            "INSERT INTO datasets(id, user_id, name, item_count, created_at, updated_at) VALUES ('" +
                dataset_ + "', '" + user_ + "', 'photos', 1, time_of(4), time_of(4))");
    execute(database,
            "INSERT INTO dataset_items(dataset_id, item_index, upload_index, type, image_path, mask_path, "
            "image_name, "
            "created_at) VALUES ('" +
                dataset_ + "', 0, 0, 'image', 'i', 'm', 'cat.png', time_of(5))");
    execute(database,
            "INSERT INTO inferences(id, user_id, dataset_id, dataset_name, status, model_id, item_count, "
            "tokens_reserved, created_at, updated_at) VALUES ('" +
                inference_ + "', '" + user_ + "', '" + dataset_ +
                "', 'photos', 'COMPLETED', 'm', 1, tokens_of(275), time_of(6), time_of(6))");
    book(database, "upload", -65, 10'000);
    book(database, "inference", -275, 9'935);
  }
  void book(Database& database, const std::string& type, int amount, int before) const {
    execute(
        database,
        "INSERT INTO token_transactions(id, user_id, operation_type, operation_id, amount, balance_before, "
        "balance_after, status, description, created_at) VALUES ('" +
            Uuid::make().to_string() + "', '" + user_ + "', '" + type + "', '" + Uuid::make().to_string() +
            "', tokens_of(" + std::to_string(amount) + "), tokens_of(" + std::to_string(before) +
            "), tokens_of(" + std::to_string(before + amount) + "), 'completed', 'd', time_of(7))");
  }

  const std::string user_ = Uuid::make().to_string();
  const std::string dataset_ = Uuid::make().to_string();
  const std::string inference_ = Uuid::make().to_string();
  const test::TemporaryDirectory directory_;
};

TEST_F(SchemaTest, DataOfEveryOlderVersionComesAlong) {
  for (int version = 1; version <= kNewest; ++version) {
    SCOPED_TRACE(version);
    const auto database = installed(version);
    fill(*database);
    EXPECT_EQ(database->migrate(), kNewest);
    EXPECT_EQ(one(*database, "SELECT email || hundredths(tokens) || '/' || epoch_ms(created_at) FROM users"),
              "ada@example.com9660/2");
    EXPECT_EQ(one(*database, "SELECT image_name || item_index FROM dataset_items"), "cat.png0");
    EXPECT_EQ(one(*database, "SELECT CAST(status AS TEXT) || last_turn || '/' || turn FROM inferences"),
              "COMPLETED0/0");
    EXPECT_EQ(one(*database, "SELECT CAST(status AS TEXT) || count FROM inference_counts"), "COMPLETED1");
    EXPECT_EQ(one(*database,
                  "SELECT SUM(count) || ':' || CAST(SUM(hundredths(amount)) AS INTEGER) FROM "
                  "transaction_totals"),
              "2:-340");
    EXPECT_NE(one(*database, "SELECT CAST(data AS TEXT) FROM datasets_with_data").find("\"i\""),
              std::string::npos);

    execute(*database, "UPDATE inferences SET status = 'ABORTED'");  // what is counted goes on from there
    book(*database, "recharge", 500, 9'660);
    EXPECT_EQ(one(*database, "SELECT CAST(status AS TEXT) || count FROM inference_counts WHERE count <> 0"),
              "ABORTED1");
    EXPECT_EQ(one(*database,
                  "SELECT SUM(count) || ':' || CAST(SUM(hundredths(amount)) AS INTEGER) FROM "
                  "transaction_totals"),
              "3:160");
  }
}

TEST_F(SchemaTest, WhatMustNotBeIsRefused) {
  const auto database = installed(kNewest);
  fill(*database);
  const auto refused = [&](const std::string& statement) {
    EXPECT_THROW(execute(*database, statement), Error) << statement;
  };
  refused("UPDATE users SET tokens = tokens_of(-1)");
  refused("UPDATE users SET tokens = tokens_of(10000000000)");  // more than DECIMAL(10,2) holds
  refused("UPDATE users SET role = 'root'");
  refused("UPDATE users SET email = NULL");
  refused("INSERT INTO users SELECT '" + inference_ +
          "', name, surname, email, password, tokens, role, password_changed_at, created_at, updated_at FROM "
          "users");
  refused("INSERT INTO datasets(id, user_id, name, created_at, updated_at) VALUES ('" + inference_ + "', '" +
          user_ + "', 'photos', time_of(0), time_of(0))");
  refused("INSERT INTO datasets(id, user_id, name, created_at, updated_at) VALUES ('" + inference_ + "', '" +
          inference_ + "', 'of nobody', time_of(0), time_of(0))");
  refused("UPDATE dataset_items SET type = 'sound'");
  refused("UPDATE inferences SET status = 'DONE'");
  refused("UPDATE inferences SET progress = 101");
  refused("UPDATE inferences SET progress = -1");
  refused("UPDATE token_transactions SET status = 'lost'");
  refused("UPDATE token_transactions SET operation_type = 'gift'");
  refused("UPDATE token_transactions SET amount = tokens_of(1)");  // the balances would not follow
  refused("UPDATE token_transactions SET operation_id = '" + user_ +
          "', operation_type = 'upload'");  // two of one
  EXPECT_EQ(one(*database, "SELECT CAST(COUNT(*) AS TEXT) FROM users"), "1");

  execute(*database, "UPDATE datasets SET is_deleted = TRUE");
  EXPECT_NO_THROW(
      execute(*database, "INSERT INTO datasets(id, user_id, name, created_at, updated_at) VALUES ('" +
                             inference_ + "', '" + user_ + "', 'photos', time_of(0), time_of(0))"))
      << "the name of a deleted dataset is free";
  execute(*database, "DELETE FROM users");
  EXPECT_EQ(one(*database, "SELECT CAST(COUNT(*) AS TEXT) FROM token_transactions"), "2")
      << "the ledger outlives them";
  EXPECT_EQ(one(*database, "SELECT CAST(COUNT(*) AS TEXT) FROM inferences WHERE user_id IS NULL"), "1");
}

// As the contract lists them.
TEST_F(SchemaTest, ColumnsHaveTheContractsTypes) {
  if (test::postgres() == nullptr) GTEST_SKIP() << "SQLite has no such types";
  const auto database = installed(kNewest);
  const std::string columns =
      one(*database,
          "SELECT ';' || string_agg(table_name || '.' || column_name || ' ' || udt_name || "
          "COALESCE('(' || numeric_precision || ',' || NULLIF(numeric_scale, 0) || ')', ''), ';') || ';' "
          "FROM information_schema.columns WHERE table_schema = current_schema()");
  for (const std::string column :
       {"users.id uuid", "users.tokens numeric(10,2)", "users.role user_role", "users.created_at timestamptz",
        "datasets.user_id uuid", "datasets.tags _text", "datasets.is_deleted bool",
        "datasets_with_data.data jsonb", "inferences.status inference_status", "inferences.parameters jsonb",
        "inferences.result jsonb", "token_transactions.amount numeric(10,2)",
        "token_transactions.balance_before numeric(10,2)", "token_transactions.balance_after numeric(10,2)",
        "token_transactions.created_at timestamptz"}) {
    EXPECT_NE(columns.find(";" + column + ";"), std::string::npos) << column;
  }
}

}  // namespace
}  // namespace inpaint::database
