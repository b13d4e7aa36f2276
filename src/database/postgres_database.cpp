#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/log.h"
#include "database/database.h"
#include "database/errors.h"
#include "database/postgres_connection.h"
#include "database/schema.h"
#include "database/silence_guard.h"

namespace inpaint::database {
namespace {

using std::chrono::steady_clock;

// No connection could be made; what() says why.
struct ConnectFailure : std::runtime_error {
  ConnectFailure(const std::string& reason, bool timed_out)
      : std::runtime_error(reason), is_time_out(timed_out) {}
  bool is_time_out;
};

bool is_broken(Session& sql) {
  return PQstatus(connection_of(sql)) != CONNECTION_OK;
}

Error unavailable() {
  return {ErrorKind::kUnavailable, "DATABASE_UNAVAILABLE", "The database can't be reached. Try again."};
}

constexpr std::chrono::seconds kConnectLimit{5};

// A server that is cut off must be noticed. SOCI takes the text apart at spaces and equals signs and puts it
// together again; a URL, which has no spaces, comes through that whole if it has a parameter.
std::string with_parameters(const std::string& url) {
  return url + (url.find('?') == std::string::npos ? '?' : '&') +
         "connect_timeout=" + std::to_string(kConnectLimit.count()) +
         "&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&"
         "tcp_user_timeout=60000";
}

// The server ends a statement by itself when its time is over; only one that hangs is silent for longer, or
// that can't make a COMMIT durable.
constexpr std::chrono::seconds kBeyondStatement{5};

struct PostgresSession final : Session {
  // A server forgets what is prepared with the connection. To be told so by libpq, which waits for the
  // answer, would hold up the end of a process when the server hangs.
  ~PostgresSession() override {
    if (get_backend() != nullptr) ::shutdown(PQsocket(connection_of(*this)), SHUT_RDWR);
  }

  std::optional<SilenceGuard::Watched> watched;  // none: the server is waited for without an end
};

std::optional<SilenceGuard::Watched>& watched(Session& sql) {
  return static_cast<PostgresSession&>(sql).watched;
}

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(PostgresOptions options)
      : Database(options.connections), options_(std::move(options)) {
    if (options_.statement_timeout.count() > 0) {
      guard_ = std::make_shared<SilenceGuard>(options_.statement_timeout + kBeyondStatement);
    }
  }

 protected:
  std::unique_ptr<Session> connect() override;
  std::unique_ptr<Inquiry> make_inquiry(const std::string& query) override;
  bool is_connected(Session& sql) noexcept override;
  void watch(Session& sql) noexcept override {
    if (watched(sql)) watched(sql)->work_begins();
  }
  void unwatch(Session& sql) noexcept override {
    if (watched(sql)) watched(sql)->work_ends();
  }
  void begin(Session& sql) override { sql << "BEGIN"; }
  void commit(Session& sql) override;
  void end(Session& sql, bool committed) noexcept override;
  Failure explain(const std::exception& error) const override;
  const Schema& schema() const override { return postgres_schema(); }

 private:
  PostgresOptions options_;
  std::shared_ptr<SilenceGuard> guard_;  // null: a statement may take as long as it wants
};

std::unique_ptr<Session> PostgresDatabase::connect() {
  auto sql = std::make_unique<PostgresSession>();
  const auto begin = steady_clock::now();
  try {
    sql->open(soci::postgresql, with_parameters(options_.url));
  } catch (const soci::soci_error& error) {
    throw ConnectFailure(error.what(), steady_clock::now() - begin > kConnectLimit - std::chrono::seconds(1));
  }
  if (guard_) sql->watched.emplace(guard_, PQsocket(connection_of(*sql)));
  PQsetNoticeProcessor(
      connection_of(*sql), [](void*, const char*) {}, nullptr);
  // A lock is waited for less long than a statement may take, and a process that hangs in a transaction
  // must not hold its locks for ever.
  *sql << "SET application_name = 'inpaint'; SET client_encoding = 'UTF8'; SET lock_timeout = '10s'; "
          "SET idle_in_transaction_session_timeout = '60s'; "
          "SET default_transaction_isolation = 'read committed'; SET statement_timeout = "
       << options_.statement_timeout.count();
  return sql;
}

// Once it is made, who asks has less patience than the guard.
std::unique_ptr<Inquiry> PostgresDatabase::make_inquiry(const std::string& query) {
  std::unique_ptr<Session> session = connect();
  Session& sql = *session;
  std::unique_ptr<Inquiry> inquiry = make_postgres_inquiry(std::move(session), query);
  unwatch(sql);
  return inquiry;
}

// A server that went away has closed the socket, which is noticed here without a question.
bool PostgresDatabase::is_connected(Session& sql) noexcept {
  return PQconsumeInput(connection_of(sql)) == 1 && !is_broken(sql);
}

void PostgresDatabase::commit(Session& sql) {
  try {
    sql << "COMMIT";
  } catch (const soci::soci_error&) {
    if (!is_broken(sql)) throw;  // it was refused, so it is rolled back
    throw Error(ErrorKind::kUnavailable, std::string(kCommitUnknown),
                "The connection to the database was lost while the change was saved. Look whether it was "
                "made before you try again.");
  }
}

void PostgresDatabase::end(Session& sql, bool committed) noexcept {
  if (committed || is_broken(sql)) return;
  try {
    sql << "ROLLBACK";
  } catch (const std::exception&) {
    log::error("errors", "a transaction could not be rolled back");
  }
}

// By SQLSTATE (appendix A of PostgreSQL's manual). An empty one is the driver's own: the connection broke.
Database::Failure PostgresDatabase::explain(const std::exception& error) const {
  if (const auto* failure = dynamic_cast<const ConnectFailure*>(&error)) {
    // One that restarts refuses at once and is worth a moment; one that hangs is not.
    return {unavailable(), !failure->is_time_out, true};
  }
  const auto* answer = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  if (answer == nullptr) return {unexpected(error)};
  const std::string state = answer->sqlstate();
  const auto is_one_of = [&](std::initializer_list<std::string_view> states) {
    return std::find(states.begin(), states.end(), state) != states.end();
  };
  if (state == "23505") return {unique_violation()};
  if (state == "23503") {
    return {conflict("REFERENCE_GONE", "What this belongs to was deleted meanwhile.")};
  }
  if (is_one_of({"22021", "22P05"})) {
    return {invalid("BAD_TEXT", "A text holds a character that can't be stored.")};
  }
  if (is_one_of({"40001", "40P01"})) return {database_busy(), true};
  // A lock or a statement took too long, or the server is out of connections, memory or disk.
  if (is_one_of({"55P03", "57014"}) || state.starts_with("53")) return {database_busy()};
  // The server shuts down, crashed or starts.
  const bool lost = is_one_of({"57P01", "57P02", "57P03", "25P03"}) || state.starts_with("08");
  if (lost || state.find_first_not_of(' ') == std::string::npos) return {unavailable(), true, true};
  return {unexpected(error)};
}

}  // namespace

std::unique_ptr<Database> open_postgres(const PostgresOptions& options) {
  auto database = std::make_unique<PostgresDatabase>(options);
  try {
    database->check();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnavailable) throw;
    throw Error(error.kind(), error.code(),
                "The database can't be reached, or does not let us in: the log says why.");
  }
  return database;
}

}  // namespace inpaint::database
