#include <soci/sqlite3/soci-sqlite3.h>

#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.h"
#include "database/database.h"
#include "database/errors.h"
#include "database/schema.h"
#include "database/session.h"
#include "database/sqlite_functions.h"

namespace inpaint::database {
namespace {

constexpr std::chrono::seconds kWaitForWriter{10};  // in another process

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::filesystem::path file, unsigned connections)
      : Database(connections), file_(std::move(file)) {}

 protected:
  std::unique_ptr<Session> connect() override;
  bool is_connected(Session&) noexcept override { return true; }

  // SQLite has one writer at a time. Waiting for it on a mutex wakes the next writer at once, where
  // SQLite's own busy handler sleeps and polls; the busy handler remains for other processes.
  void begin(Session& sql) override {
    writer_.lock();
    try {
      sql << "BEGIN IMMEDIATE";
    } catch (...) {
      writer_.unlock();
      throw;
    }
  }

  void commit(Session& sql) override { sql << "COMMIT"; }

  void end(Session& sql, bool committed) noexcept override {
    if (!committed) {
      try {
        sql << "ROLLBACK";
      } catch (const std::exception&) {
        log::error("errors", "a transaction could not be rolled back");
      }
    }
    writer_.unlock();
  }

  Failure explain(const std::exception& error) const override;
  const Schema& schema() const override { return sqlite_schema(); }

 private:
  std::filesystem::path file_;
  std::mutex writer_;
};

// Once, before the first connection: no thread shares a connection with another and nobody asks for SQLite's
// memory statistics, so that it needs no lock for either.
void configure_library() {
  static const bool is_configured = [] {
    return sqlite_api::sqlite3_config(SQLITE_CONFIG_MULTITHREAD) == SQLITE_OK &&
           sqlite_api::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
  }();
  if (!is_configured) log::warn("database", "SQLite was in use before it was configured");
}

bool is_locked(const std::exception& error) {
  const std::string sentence = sentence_of(error);
  return sentence.find("database is locked") != std::string::npos ||
         sentence.find("database table is locked") != std::string::npos;
}

// Where several processes turn a new file to this mode at once, each would wait for the others for ever;
// SQLite then gives up at once, whatever time it was told to wait.
void use_write_ahead_log(Session& sql) {
  constexpr std::chrono::milliseconds kPause{5};
  const auto end = std::chrono::steady_clock::now() + kWaitForWriter;
  for (;;) {
    try {
      sql << "PRAGMA journal_mode = WAL";
      return;
    } catch (const soci::soci_error& error) {
      if (!is_locked(error) || std::chrono::steady_clock::now() > end) throw;
    }
    std::this_thread::sleep_for(kPause);
  }
}

std::unique_ptr<Session> SqliteDatabase::connect() {
  configure_library();
  auto sql = std::make_unique<Session>();
  sql->open(soci::sqlite3,
            "dbname=\"" + file_.string() + "\" timeout=" + std::to_string(kWaitForWriter.count()));
  use_write_ahead_log(*sql);
  // FULL: a commit that was answered survives a power cut, because money and files hang on it.
  *sql << "PRAGMA synchronous = FULL";
  *sql << "PRAGMA foreign_keys = ON";
  *sql << "PRAGMA journal_size_limit = 67108864";
  add_sqlite_functions(*sql);
  return sql;
}

Database::Failure SqliteDatabase::explain(const std::exception& error) const {
  if (sentence_of(error).find("UNIQUE constraint failed") != std::string::npos) return {unique_violation()};
  if (is_locked(error)) return {database_busy()};
  return {unexpected(error)};
}

}  // namespace

std::unique_ptr<Database> open_sqlite(const std::filesystem::path& file, unsigned connections) {
  if (file.string().find('"') != std::string::npos) {
    throw invalid("BAD_DATABASE_PATH",
                  "The path of the database file must not contain a quotation mark: " + file.string());
  }
  auto database = std::make_unique<SqliteDatabase>(file, connections);
  try {
    database->check();
  } catch (const Error& error) {
    throw Error(ErrorKind::kUnavailable, "DATABASE_UNAVAILABLE",
                "The database file " + file.string() + " can't be opened: " + error.what());
  }
  return database;
}

}  // namespace inpaint::database
