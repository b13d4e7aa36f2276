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
  options.connection = postgres();
  options.connections = 1;
  database::open_postgres(options)->transaction([&](database::Session& sql) {
    sql << "SELECT pg_advisory_xact_lock(1); CREATE SCHEMA IF NOT EXISTS " + schema;
  });
  options.connection += " options='-c search_path=" + schema + "'";
  options.connections = connections;
  return database::open_postgres(options);
}

}  // namespace inpaint::test
