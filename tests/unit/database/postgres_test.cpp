// What only PostgreSQL can do to us: connections that break, transactions that it undoes.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/error.h"
#include "database/inquiry.h"
#include "database/session.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::database {
namespace {

constexpr auto kEndOwnConnection = "SELECT pg_terminate_backend(pg_backend_pid())";
constexpr std::chrono::seconds kPatience{10};

class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    if (test::postgres() == nullptr) GTEST_SKIP() << "needs scripts/with-postgres";
    database_ = test::open_database(directory_.path(), 2);
    execute("CREATE TABLE counter(id INTEGER PRIMARY KEY, n INTEGER)");
    execute("INSERT INTO counter VALUES (1, 0), (2, 0)");
  }

  void execute(const std::string& statement) {
    database_->transaction([&](Session& sql) { sql << statement; });
  }
  int number(const std::string& query) {
    return database_->read([&](Session& sql) {
      int n = 0;
      sql << query, soci::into(n);
      return n;
    });
  }
  int sum() { return number("SELECT SUM(n) FROM counter"); }

  static std::unique_ptr<Database> open_with_limit(std::chrono::milliseconds statement_timeout,
                                                   unsigned connections = 2) {
    PostgresOptions options;
    options.url = test::postgres();
    options.connections = connections;
    options.statement_timeout = statement_timeout;
    return open_postgres(options);
  }

  static std::string code_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return "";
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
};

TEST_F(PostgresTest, AConnectionThatBrokeWhileIdleIsReplaced) {
  const int backend = number("SELECT pg_backend_pid()");
  auto other = test::open_database(directory_.path(), 1);
  other->transaction([&](Session& sql) { sql << "SELECT pg_terminate_backend(" << backend << ")"; });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  int runs = 0;
  database_->transaction([&](Session& sql) {
    ++runs;
    sql << "UPDATE counter SET n = n + 1 WHERE id = 1";
  });
  EXPECT_EQ(runs, 1) << "it was noticed before the work began";
  EXPECT_EQ(sum(), 1);
}

TEST_F(PostgresTest, AReadWhoseConnectionBreaksRunsAgain) {
  int runs = 0;
  const int one = database_->read([&](Session& sql) {
    if (++runs == 1) sql << kEndOwnConnection;
    int n = 0;
    sql << "SELECT 1", soci::into(n);
    return n;
  });
  EXPECT_EQ(one, 1);
  EXPECT_EQ(runs, 2);
}

TEST_F(PostgresTest, ATransactionWhoseConnectionBreaksBeforeTheCommitRunsAgainAndCountsOnce) {
  int runs = 0;
  database_->transaction([&](Session& sql) {
    sql << "UPDATE counter SET n = n + 1 WHERE id = 1";
    if (++runs == 1) sql << kEndOwnConnection;
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(sum(), 1);
}

TEST_F(PostgresTest, ACommitWhoseAnswerIsLostIsNeverRepeated) {
  execute(
      "CREATE FUNCTION end_connection() RETURNS TRIGGER LANGUAGE plpgsql AS "
      "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'");
  execute(
      "CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON counter DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION end_connection()");
  int runs = 0;
  const auto work = [&] {
    database_->transaction([&](Session& sql) {
      ++runs;
      sql << "UPDATE counter SET n = n + 1 WHERE id = 1";
    });
  };
  EXPECT_EQ(code_of(work), "COMMIT_UNKNOWN");
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(sum(), 0);  // and the next connection works
}

TEST_F(PostgresTest, AServerThatStaysAwayIsAnErrorAfterAWhile) {
  PostgresOptions options;
  options.url = "postgresql://nobody@127.0.0.1:1/none";
  try {
    open_postgres(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnavailable);
    EXPECT_EQ(error.code(), "DATABASE_UNAVAILABLE");
  }
}

TEST_F(PostgresTest, TransactionsThatLockEachOtherOutAllSucceed) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 3; ++i) {
        database_->transaction([&](Session& sql) {
          sql << "UPDATE counter SET n = n + 1 WHERE id = " << 1 + t;
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          sql << "UPDATE counter SET n = n + 1 WHERE id = " << 2 - t;
        });
      }
    });
  }
  threads.clear();
  EXPECT_EQ(sum(), 12);
}

TEST_F(PostgresTest, AStatementThatTakesTooLongIsBusy) {
  const auto database = open_with_limit(std::chrono::milliseconds(50));
  EXPECT_EQ(code_of([&] { database->read([](Session& sql) { sql << "SELECT pg_sleep(5)"; }); }),
            "DATABASE_BUSY");
}

// A backend that hangs, as all do on a machine that does: it acknowledges what it is sent, and says nothing.
TEST_F(PostgresTest, AServerThatHangsIsGivenUpAndTheWorkRunsAgain) {
  const auto database = open_with_limit(std::chrono::milliseconds(500));
  std::vector<pid_t> backends;
  const auto hang_at_first = [&](Session& sql) {
    pid_t backend = 0;
    sql << "SELECT pg_backend_pid()", soci::into(backend);
    backends.push_back(backend);
    if (backends.size() == 1) ::kill(backend, SIGSTOP);
    sql << "SELECT 1";
  };
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_NO_THROW(database->transaction(hang_at_first));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  ::kill(backends.front(), SIGCONT);
  EXPECT_EQ(backends.size(), 2U);
}

TEST_F(PostgresTest, AConnectionToAServerThatHangsIsClosedWithoutIt) {
  pid_t backend = 0;
  {
    const auto database = test::open_database(directory_.path(), 1);
    database->read([&](Session& sql) {
      sql << "SELECT pg_backend_pid()", soci::into(backend);
      sql.keep("SELECT 1", sql.take("SELECT 1"));
    });
    ::kill(backend, SIGSTOP);
  }
  ::kill(backend, SIGCONT);  // is come to only when the server was not asked
}

TEST_F(PostgresTest, AConnectionThatIsIdleForLongIsKept) {
  const auto database = open_with_limit(std::chrono::milliseconds(500), 1);
  const auto backend = [&] {
    return database->read([](Session& sql) {
      int id = 0;
      sql << "SELECT pg_backend_pid()", soci::into(id);
      return id;
    });
  };
  const int before = backend();
  std::this_thread::sleep_for(std::chrono::seconds(8));  // longer than the server may be silent at work
  EXPECT_EQ(backend(), before);
}

TEST_F(PostgresTest, TextThatItCannotStoreIsTheCallersFault) {
  for (const std::string text : {R"({"a": "\u0000"})", "{\"a\": \"\xff\"}"}) {
    const auto work = [&] {
      database_->read([&](Session& sql) {
        std::string echoed;
        sql << "SELECT CAST(CAST(:text AS JSONB) AS TEXT)", soci::use(text), soci::into(echoed);
      });
    };
    EXPECT_EQ(code_of(work), "BAD_TEXT") << text;
  }
}

// What a network thread does, but for the thread's other work.
std::optional<std::vector<Inquiry::Row>> answer_within(Inquiry& inquiry, std::chrono::milliseconds patience) {
  while (true) {
    pollfd socket{inquiry.socket(), POLLIN, 0};
    if (::poll(&socket, 1, static_cast<int>(patience.count())) == 0) return std::nullopt;
    if (auto rows = inquiry.answer()) return rows;
  }
}

TEST_F(PostgresTest, AnInquiryIsAskedAgainAndAgain) {
  const auto inquiry =
      database_->open_inquiry("SELECT id, n, NULL FROM counter WHERE id = ANY($1) ORDER BY id");
  ASSERT_NE(inquiry, nullptr);
  execute("UPDATE counter SET n = 7 WHERE id = 2");
  for (int i = 0; i < 100; ++i) {
    inquiry->ask("{1,2,3}");
    EXPECT_EQ(answer_within(*inquiry, kPatience),
              (std::vector<Inquiry::Row>{{"1", "0", ""}, {"2", "7", ""}}));
    inquiry->ask("{}");
    EXPECT_EQ(answer_within(*inquiry, kPatience), std::vector<Inquiry::Row>{});
  }
}

TEST_F(PostgresTest, AnAnswerToAnInquiryThatComesInManyPiecesIsWhole) {
  const auto inquiry =
      database_->open_inquiry("SELECT repeat('x', 1000) FROM generate_series(1, CAST($1 AS INTEGER))");
  inquiry->ask("5000");
  const auto rows = answer_within(*inquiry, kPatience);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 5000U);
  EXPECT_EQ(rows->back(), Inquiry::Row{std::string(1000, 'x')});
}

TEST_F(PostgresTest, AnInquiryDoesNotWaitForAServerThatIsSlow) {
  const auto inquiry = database_->open_inquiry("SELECT pg_sleep(CAST($1 AS INTEGER))");
  inquiry->ask("1");
  EXPECT_EQ(inquiry->answer(), std::nullopt);
  EXPECT_EQ(answer_within(*inquiry, std::chrono::milliseconds(100)), std::nullopt);
  EXPECT_EQ(answer_within(*inquiry, kPatience)->size(), 1U);
}

TEST_F(PostgresTest, AnInquiryThatCannotBeAnsweredSaysSo) {
  EXPECT_EQ(code_of([&] { database_->open_inquiry("SELECT nothing FROM nowhere WHERE $1"); }),
            "INTERNAL_ERROR");
  const auto inquiry = database_->open_inquiry("SELECT 1 / CAST($1 AS INTEGER)");
  inquiry->ask("0");
  EXPECT_EQ(code_of([&] { answer_within(*inquiry, kPatience); }), "INTERNAL_ERROR");
}

TEST_F(PostgresTest, AnInquiryWhoseServerIsGoneSaysSo) {
  const auto asked = database_->open_inquiry("SELECT pg_backend_pid(), $1");
  asked->ask("");
  const std::string backend = answer_within(*asked, kPatience)->front().front();
  const auto end = database_->open_inquiry("SELECT pg_terminate_backend(CAST($1 AS INTEGER))");
  end->ask(backend);
  EXPECT_EQ(answer_within(*end, kPatience)->front().front(), "t");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(code_of([&] {
              asked->ask("");
              answer_within(*asked, kPatience);
            }),
            "INTERNAL_ERROR");
}

// The backend stops where it must wait: to prepare a question about a table that is locked.
TEST_F(PostgresTest, AnInquiryIsNotMadeWithAServerThatHangs) {
  const auto database = open_with_limit(std::chrono::seconds(1));
  execute("CREATE TABLE public.locked(id INTEGER)");
  pid_t backend = 0;
  std::latch locked(1);
  std::jthread hang([&] {
    database_->transaction([&](Session& sql) {
      sql << "LOCK TABLE public.locked";
      locked.count_down();
      while (backend == 0) {
        sql << "SELECT COALESCE(MAX(pid), 0) FROM pg_locks WHERE NOT granted AND "
               "relation = CAST('public.locked' AS REGCLASS)",
            soci::into(backend);
      }
      ::kill(backend, SIGSTOP);
    });
  });
  locked.wait();
  EXPECT_EQ(code_of([&] { database->open_inquiry("SELECT $1 FROM public.locked"); }), "INTERNAL_ERROR");
  hang.join();
  ::kill(backend, SIGCONT);
  execute("DROP TABLE public.locked");
}

TEST(SqliteInquiryTest, ThereIsNone) {
  const test::TemporaryDirectory directory;
  EXPECT_EQ(open_sqlite(directory.path() / "test.db", 1)->open_inquiry("SELECT 1"), nullptr);
}

}  // namespace
}  // namespace inpaint::database
