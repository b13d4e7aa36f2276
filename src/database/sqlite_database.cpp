#include <soci/sqlite3/soci-sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "database/database.h"
#include "database/schema.h"
#include "database/session.h"

namespace inpaint::database {
namespace {

constexpr std::chrono::seconds kWait{10};  // for a free connection, and for another process's write lock

// Connections open on first use, so that an idle service keeps one.
class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::filesystem::path file, unsigned connections)
      : file_(std::move(file)), sessions_(connections) {
    for (std::size_t i = 0; i < sessions_.size(); ++i) free_.push_back(i);
  }

  int migrate() override;

 protected:
  Connection acquire() override {
    std::size_t position = 0;
    {
      std::unique_lock lock(mutex_);
      if (!freed_.wait_for(lock, kWait, [&] { return !free_.empty(); })) {
        throw Error(ErrorKind::kUnavailable, "DATABASE_BUSY", "The database is busy. Try again.");
      }
      position = free_.front();  // the one used last: its cache is warm
      free_.pop_front();
    }
    try {
      if (!sessions_[position]) sessions_[position] = connect();
    } catch (...) {
      give_back({position, nullptr});
      throw;
    }
    return {position, sessions_[position].get()};
  }

  void give_back(Connection connection) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      free_.push_front(connection.position);
    }
    freed_.notify_one();
  }

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

 private:
  std::unique_ptr<Session> connect() const;

  std::filesystem::path file_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::deque<std::size_t> free_;
  std::mutex writer_;
};

std::unique_ptr<Session> SqliteDatabase::connect() const {
  auto sql = std::make_unique<Session>();
  sql->open(soci::sqlite3, "dbname=\"" + file_.string() + "\" timeout=" + std::to_string(kWait.count()));
  *sql << "PRAGMA journal_mode = WAL";
  // FULL: a commit that was answered survives a power cut, because money and files hang on it.
  *sql << "PRAGMA synchronous = FULL";
  *sql << "PRAGMA foreign_keys = ON";
  *sql << "PRAGMA journal_size_limit = 67108864";
  return sql;
}

int SqliteDatabase::migrate() {
  return transaction([](Session& sql) {
    sql << "CREATE TABLE IF NOT EXISTS schema_migrations("
           "version INTEGER NOT NULL PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT";
    int version = 0;
    sql << "SELECT COALESCE(MAX(version), 0) FROM schema_migrations", soci::into(version);
    if (!sqlite_migrations().empty() && version > sqlite_migrations().back().version) {
      throw Error(ErrorKind::kUnavailable, "SCHEMA_TOO_NEW",
                  "The database was written by a newer version of inpaint (schema " +
                      std::to_string(version) + "). Install that version or a later one.");
    }
    for (const Migration& migration : sqlite_migrations()) {
      if (migration.version <= version) continue;
      for (const std::string_view statement : migration.statements) sql << std::string(statement);
      const auto now = static_cast<long long>(Timestamp::now().unix_ms);
      sql << "INSERT INTO schema_migrations(version, applied_at) VALUES (:version, :now)",
          soci::use(migration.version), soci::use(now);
      version = migration.version;
    }
    return version;
  });
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
