#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "database/session.h"

namespace inpaint::test {

// What a connection to a test's PostgreSQL is made with, or nothing: tests then use SQLite. The server is a
// throwaway of scripts/with-postgres.
inline const char* postgres() {
  return std::getenv("INPAINT_TEST_POSTGRES");
}

// The database that belongs to a directory, the same for whoever opens it: a file in it, or a schema of its
// own on the test's PostgreSQL.
inline std::unique_ptr<database::Database> open_database(const std::filesystem::path& directory,
                                                         unsigned connections,
                                                         const std::string& name = "test") {
  if (postgres() == nullptr) return database::open_sqlite(directory / (name + ".db"), connections);
  std::string schema = directory.filename().string() + "_" + name;
  std::replace(schema.begin(), schema.end(), '-', '_');
  database::PostgresOptions options;
  options.url = postgres();
  options.connections = 1;
  database::open_postgres(options)->transaction([&](database::Session& sql) {
    sql << "SELECT pg_advisory_xact_lock(1); CREATE SCHEMA IF NOT EXISTS " + schema;
  });
  options.url += "?options=-csearch_path%3D" + schema;
  options.connections = connections;
  return database::open_postgres(options);
}

// How many times this connection has read a whole table that crowd() filled (PostgreSQL). Counts of earlier
// transactions may be among them, for they are reported once a second only: what a piece of work reads is the
// difference.
inline long long whole_tables_read(database::Session& sql) {
  long long scans = 0;
  sql << "SELECT COALESCE(SUM(seq_scan), 0) FROM pg_stat_xact_user_tables JOIN pg_class ON oid = relid "
         "WHERE schemaname = current_schema() AND reltuples > 100",
      soci::into(scans);
  return scans;
}

// Enough users, datasets and inferences of others that reading a whole table is the wrong plan.
inline void crowd(database::Database& database) {
  database.transaction([](database::Session& sql) {
    sql << "INSERT INTO users(id, name, surname, email, password, password_changed_at, created_at, "
           "updated_at) "
           "SELECT gen_random_uuid(), 'A', 'B', CAST(n AS TEXT), 'x', time_of(0), time_of(0), time_of(0) "
           "FROM generate_series(1, 3000) AS n";
    sql << "INSERT INTO datasets(id, user_id, name, created_at, updated_at) "
           "SELECT gen_random_uuid(), id, 'photos', time_of(0), time_of(0) FROM users";
    sql << "INSERT INTO dataset_items(dataset_id, item_index, upload_index, type, image_path, mask_path, "
           "image_name, created_at) SELECT id, 0, 0, 'image', 'i' || id, 'm' || id, 'n', time_of(0) "
           "FROM datasets";
    sql << "INSERT INTO inferences(id, user_id, dataset_name, status, model_id, item_count, tokens_reserved, "
           "created_at, updated_at) SELECT gen_random_uuid(), id, 'photos', 'COMPLETED', 'm', 1, 0, "
           "time_of(0), time_of(0) FROM users";
    sql << "INSERT INTO inference_items(inference_id, item_index, image_path, mask_path, image_name, type, "
           "upload_index, price) SELECT id, 0, 'i' || id, 'm' || id, 'n', 'image', 0, 1 FROM inferences";
    sql << "INSERT INTO token_transactions(id, user_id, operation_type, operation_id, amount, "
           "balance_before, "
           "balance_after, status, description, created_at) SELECT gen_random_uuid(), id, 'recharge', id, 1, "
           "0, 1, 'completed', 'd', time_of(0) FROM users";
    sql << "ANALYZE";
  });
}

}  // namespace inpaint::test
