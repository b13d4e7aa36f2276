// database/ owns connections, transactions and migrations: SQLite now, PostgreSQL behind the same SQL
// later. Repositories write SQL with bound parameters only and get their connection from here. It uses
// base/ only; SOCI's headers are included by the .cpp files that write SQL.
#pragma once

#include <filesystem>
#include <memory>
#include <utility>

namespace soci {
class session;
}

namespace inpaint::database {

// A connection for one piece of work. Never kept, never shared between threads.
using Session = soci::session;

class Database {
 public:
  // Opens (creates) the SQLite file with `connections` pooled connections. Throws kUnavailable.
  static std::unique_ptr<Database> open_sqlite(const std::filesystem::path& file, unsigned connections);
  virtual ~Database() = default;

  // Brings the schema to the newest version; safe when several processes do it at once. Returns the version.
  virtual int migrate() = 0;
  // Throws kUnavailable unless a query is answered.
  virtual void check() = 0;

  // Runs work(Session&) outside a transaction, for single SELECTs, and returns what it returns.
  template <typename Work>
  auto read(Work&& work) {
    const Lease lease(*this);
    return std::forward<Work>(work)(lease.session());
  }

  // Runs work(Session&) in one write transaction: commits when it returns, rolls back when it throws.
  // Writers of one process queue up fairly. Calling read() or transaction() inside is a bug that would
  // deadlock a busy pool: it throws at once.
  template <typename Work>
  auto transaction(Work&& work) {
    Transaction transaction(*this);
    if constexpr (std::is_void_v<decltype(work(transaction.session()))>) {
      std::forward<Work>(work)(transaction.session());
      transaction.commit();
    } else {
      auto result = std::forward<Work>(work)(transaction.session());
      transaction.commit();
      return result;
    }
  }

 protected:
  // A connection out of the pool, given back at the end of the scope.
  class Lease {
   public:
    explicit Lease(Database& database);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Session& session() const { return *session_; }

   private:
    Database& database_;
    std::size_t position_ = 0;
    Session* session_ = nullptr;
  };

  // Begins on construction; rolls back on destruction unless committed.
  class Transaction {
   public:
    explicit Transaction(Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    Session& session() const { return lease_->session(); }
    void commit();

   private:
    Database& database_;
    std::unique_ptr<Lease> lease_;
    bool open_ = false;
  };

  virtual std::pair<std::size_t, Session*> acquire() = 0;
  virtual void give_back(std::size_t position) = 0;
  virtual void begin(Session& session) = 0;
  virtual void commit(Session& session) = 0;
  virtual void rollback(Session& session) noexcept = 0;
};

// Whether an exception of SOCI says that a unique index refused the row.
bool is_unique_violation(const std::exception& error);

}  // namespace inpaint::database
