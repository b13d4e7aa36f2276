#include "base/error.h"
#include "database/postgres_connection.h"

namespace inpaint::database {
namespace {

constexpr const char* kStatement = "inquiry";

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

// libpq's commands for who does not wait (chapter 34.4 of PostgreSQL's manual).
class PostgresInquiry final : public Inquiry {
 public:
  PostgresInquiry(std::unique_ptr<Session> session, const std::string& query)
      : session_(std::move(session)), connection_(connection_of(*session_)) {
    // Planning for each value anew would cost more than the answer; and a plan that is kept must be good for
    // a table that was small when it was made.
    *session_ << "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
    const Result prepared(PQprepare(connection_, kStatement, query.c_str(), 1, nullptr), &PQclear);
    if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) fail();
    if (PQsetnonblocking(connection_, 1) != 0) fail();
  }

  int socket() const override { return PQsocket(connection_); }

  // A server that does not even take so little is as good as gone.
  void ask(const std::string& value) override {
    const char* const text = value.c_str();
    rows_.clear();
    if (PQsendQueryPrepared(connection_, kStatement, 1, &text, nullptr, nullptr, 0) != 1) fail();
    const int left = PQflush(connection_);
    if (left < 0) fail();
    if (left > 0) throw internal("database: the server takes nothing");
  }

  std::optional<std::vector<Row>> answer() override {
    if (PQconsumeInput(connection_) != 1) fail();
    while (PQisBusy(connection_) == 0) {
      const Result result(PQgetResult(connection_), &PQclear);
      if (!result) return std::move(rows_);
      if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) fail();
      keep(*result);
    }
    return std::nullopt;
  }

 private:
  void keep(const PGresult& result) {
    const int columns = PQnfields(&result);
    for (int position = 0; position < PQntuples(&result); ++position) {
      Row& row = rows_.emplace_back();
      row.reserve(static_cast<std::size_t>(columns));
      for (int column = 0; column < columns; ++column) {
        row.emplace_back(PQgetvalue(&result, position, column));
      }
    }
  }

  // With the first of the lines that libpq has to say.
  [[noreturn]] void fail() const {
    const std::string said = PQerrorMessage(connection_);
    throw internal("database: " + said.substr(0, said.find('\n')));
  }

  const std::unique_ptr<Session> session_;
  PGconn* const connection_;  // the session's
  std::vector<Row> rows_;     // of the answer that is not all there yet
};

}  // namespace

std::unique_ptr<Inquiry> make_postgres_inquiry(std::unique_ptr<Session> session, const std::string& query) {
  return std::make_unique<PostgresInquiry>(std::move(session), query);
}

}  // namespace inpaint::database
