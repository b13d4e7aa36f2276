// database/ owns connections, transactions and migrations: SQLite or PostgreSQL behind one SQL. What the two
// spell differently is a function that both know under one name (see dialect.h). Repositories write SQL with
// bound parameters only and get their connection from here. It uses base/ only; SOCI's headers are included
// by the .cpp files that write SQL.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace inpaint::database {

class Inquiry;
struct Schema;

// A connection for one piece of work (session.h). Never kept, never shared between threads.
class Session;

// Every failure leaves read() and transaction() as an Error: what the work threw itself, or, for what the
// database said: kConflict UNIQUE_VIOLATION or REFERENCE_GONE, kInvalid BAD_TEXT, kUnavailable
// DATABASE_UNAVAILABLE, DATABASE_BUSY (also when no connection was free in time) or COMMIT_UNKNOWN, or
// kInternal without any bound value in its text.
class Database {
 public:
  virtual ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Brings the schema to the newest version; safe when several processes do it at once. Returns the version.
  int migrate();

  // Throws kUnavailable unless a query is answered.
  void check();

  // For a thread that must not block (inquiry.h): blocks until it can be asked `query`, whose one value is
  // $1. Null where a database can only be asked by blocking: SQLite. Comes on top of the `connections`.
  // Throws kInternal, for the log: whether the database can be reached is for read() to say.
  std::unique_ptr<Inquiry> open_inquiry(const std::string& query);

  // Runs work(Session&) outside a transaction, for SELECTs, and returns what it returns. The work runs again
  // when the connection was lost under it.
  template <typename Work>
  auto read(Work&& work) {
    return with_retries([&] {
      const Lease lease(*this);
      return work(lease.session());
    });
  }

  // Runs work(Session&) in one write transaction: commits when it returns, rolls back when it throws. The
  // work runs again when the database undid the transaction through no fault of its own (a lost connection,
  // a deadlock), so it must leave nothing outside that a second run would not set anew. It never runs again
  // when the commit had been asked for and the answer was lost: that is COMMIT_UNKNOWN.
  // Transactions may run side by side (PostgreSQL: READ COMMITTED): what one reads to decide on, it locks
  // (dialect.h) or changes by a conditional statement.
  // Calling read() or transaction() inside is a bug that could deadlock a busy pool: it throws at once.
  template <typename Work>
  auto transaction(Work&& work) {
    return with_retries([&] {
      Transaction transaction(*this);
      if constexpr (std::is_void_v<decltype(work(transaction.session()))>) {
        work(transaction.session());
        transaction.commit();
      } else {
        auto result = work(transaction.session());
        transaction.commit();
        return result;
      }
    });
  }

 protected:
  // What an exception of the driver means.
  struct Failure {
    Error error;
    bool is_undone = false;        // nothing was changed: the same work may run again
    bool is_disconnected = false;  // and a new connection may take a moment
  };

  // At most `connections` pieces of work at a time.
  explicit Database(unsigned connections);

  virtual std::unique_ptr<Session> connect() = 0;
  virtual std::unique_ptr<Inquiry> make_inquiry(const std::string& query);
  // Whether an idle connection is still there, as far as can be told without asking the server.
  virtual bool is_connected(Session& session) noexcept = 0;
  // From now on a server that is silent for too long is given up, or is waited for again. All work is
  // watched.
  virtual void watch(Session&) noexcept {}
  virtual void unwatch(Session&) noexcept {}
  virtual void begin(Session& session) = 0;
  virtual void commit(Session& session) = 0;
  // Ends a transaction that begin() started, committed or not.
  virtual void end(Session& session, bool committed) noexcept = 0;
  virtual Failure explain(const std::exception& error) const = 0;
  virtual const Schema& schema() const = 0;

 private:
  // A connection out of the pool, given back at the end of the scope.
  class Lease {
   public:
    explicit Lease(Database& database);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Session& session() const { return *database_.sessions_[position_]; }

   private:
    Database& database_;
    std::size_t position_ = 0;
  };

  // Begins on construction; rolls back on destruction unless committed.
  class Transaction {
   public:
    explicit Transaction(Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    Session& session() const { return lease_.session(); }
    void commit();

   private:
    Database& database_;
    Lease lease_;
    bool committed_ = false;
  };

  template <typename Attempt>
  auto with_retries(Attempt attempt) {
    for (int attempts = 1;; ++attempts) {
      try {
        return attempt();
      } catch (const std::exception& error) {
        throw_or_pause(error, attempts);
      }
    }
  }
  // Returns when the work is worth another attempt.
  void throw_or_pause(const std::exception& error, int attempts) const;

  std::size_t acquire();
  void give_back(std::size_t position) noexcept;

  std::vector<std::unique_ptr<Session>> sessions_;  // opened on first use, so that an idle service keeps one
  std::mutex mutex_;
  std::condition_variable freed_;
  std::deque<std::size_t> free_;
};

// Opens, and creates where it is missing, a SQLite file. At most `connections` pieces of work at a time.
// Throws kUnavailable.
std::unique_ptr<Database> open_sqlite(const std::filesystem::path& file, unsigned connections);

struct PostgresOptions {
  std::string url;  // as libpq takes it: postgresql://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETER=VALUE
  unsigned connections = 16;
  // A statement that takes longer is undone, and a server that is silent for 5 s more is given up. 0: never.
  std::chrono::milliseconds statement_timeout{15'000};
};
// Throws kUnavailable.
std::unique_ptr<Database> open_postgres(const PostgresOptions& options);

// Whether it is what a unique index answers to a row that is already there.
bool is_unique_violation(const std::exception& error);

// Whether the transaction may have been committed all the same: what it names must not be taken away.
bool is_commit_unknown(const std::exception& error);

}  // namespace inpaint::database
