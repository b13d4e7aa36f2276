// database/ owns connections, transactions and migrations: SQLite now, PostgreSQL behind the same SQL
// later. Repositories write SQL with bound parameters only and get their connection from here. It uses
// base/ only; SOCI's headers are included by the .cpp files that write SQL.
#pragma once

#include <cstddef>
#include <exception>
#include <filesystem>
#include <memory>
#include <type_traits>
#include <utility>

namespace inpaint::database {

// A connection for one piece of work (session.h). Never kept, never shared between threads.
class Session;

// Every failure leaves read() and transaction() as an Error: what the work threw itself, or, for what the
// database said, kConflict UNIQUE_VIOLATION, kUnavailable DATABASE_BUSY (also when no connection was free
// in time), or kInternal without any bound value in its text.
class Database {
 public:
  virtual ~Database() = default;

  // Brings the schema to the newest version; safe when several processes do it at once. Returns the version.
  virtual int migrate() = 0;

  // Throws kUnavailable unless a query is answered.
  void check();

  // Runs work(Session&) outside a transaction, for single SELECTs, and returns what it returns.
  template <typename Work>
  auto read(Work&& work) {
    try {
      const Lease lease(*this);
      return std::forward<Work>(work)(lease.session());
    } catch (const std::exception& error) {
      rethrow_as_error(error);
    }
  }

  // Runs work(Session&) in one write transaction: commits when it returns, rolls back when it throws.
  // Calling read() or transaction() inside is a bug that could deadlock a busy pool: it throws at once.
  template <typename Work>
  auto transaction(Work&& work) {
    try {
      Transaction transaction(*this);
      if constexpr (std::is_void_v<decltype(work(transaction.session()))>) {
        std::forward<Work>(work)(transaction.session());
        transaction.commit();
      } else {
        auto result = std::forward<Work>(work)(transaction.session());
        transaction.commit();
        return result;
      }
    } catch (const std::exception& error) {
      rethrow_as_error(error);
    }
  }

 protected:
  struct Connection {
    std::size_t position = 0;
    Session* session = nullptr;
  };

  // Waits for a free connection; throws kUnavailable when none comes free in time.
  virtual Connection acquire() = 0;
  virtual void give_back(Connection connection) noexcept = 0;
  virtual void begin(Session& session) = 0;
  virtual void commit(Session& session) = 0;
  // Ends a transaction that begin() started, committed or not.
  virtual void end(Session& session, bool committed) noexcept = 0;

 private:
  // A connection out of the pool, given back at the end of the scope.
  class Lease {
   public:
    explicit Lease(Database& database);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Session& session() const { return *connection_.session; }

   private:
    Database& database_;
    Connection connection_;
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

  [[noreturn]] static void rethrow_as_error(const std::exception& error);
};

// Opens, and creates where it is missing, a SQLite file. At most `connections` pieces of work at a time.
// Throws kUnavailable.
std::unique_ptr<Database> open_sqlite(const std::filesystem::path& file, unsigned connections);

// Whether it is what a unique index answers to a row that is already there.
bool is_unique_violation(const std::exception& error);

}  // namespace inpaint::database
