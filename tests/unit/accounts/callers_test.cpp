#include "accounts/callers.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "database/session.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::accounts {
namespace {

// What the server is told of callers, by blocking and, where that is possible, without.
class CallersTest : public testing::Test {
 protected:
  CallersTest()
      : database_(test::open_database(directory_.path(), 2)),
        service_(*database_, Sessions("0123456789abcdef0123456789abcdef", std::chrono::hours(1)), 4,
                 [](database::Session&, const UserId&) {}) {
    database_->migrate();
    inquiry_ = open_caller_inquiry(service_, *database_);
  }

  User add(const std::string& email) {
    return service_.register_user({"Ada", "Lovelace", email, "password1", Role::kUser});
  }
  std::string bearer(const std::string& email, const std::string& password = "password1") {
    return "Bearer " + service_.log_in(email, password, "10.0.0.1").token;
  }

  void ask(std::span<http::Caller> callers) {
    if (!inquiry_->ask(callers)) return;
    do {
      pollfd socket{inquiry_->socket(), POLLIN, 0};
      ASSERT_EQ(::poll(&socket, 1, 10'000), 1);
    } while (!inquiry_->answer(callers));
  }

  // For each Authorization header the user's e-mail or the refusal's code. "-" stands for no header.
  std::vector<std::string> told(const std::vector<std::string>& authorizations, bool by_inquiry) {
    std::vector<http::Request> requests(authorizations.size());
    std::vector<log::Context> contexts(authorizations.size());
    std::vector<http::Caller> callers;
    for (std::size_t i = 0; i < authorizations.size(); ++i) {
      if (authorizations[i] != "-") requests[i].headers.add("Authorization", authorizations[i]);
      callers.push_back({requests[i], contexts[i], nullptr, std::nullopt});
    }
    if (by_inquiry) {
      ask(callers);
    } else {
      authenticate(service_, callers);
    }
    std::vector<std::string> answers;
    for (std::size_t i = 0; i < callers.size(); ++i) {
      answers.push_back(callers[i].user ? callers[i].user->email : callers[i].refusal->code());
      const auto& fields = contexts[i].fields();
      EXPECT_EQ(fields.size(), callers[i].user ? 1U : 0U) << "what the log knows of the user";
    }
    return answers;
  }
  // Both ways, which must agree.
  std::vector<std::string> told(const std::vector<std::string>& authorizations) {
    std::vector<std::string> answers = told(authorizations, false);
    if (inquiry_) {
      EXPECT_EQ(told(authorizations, true), answers);
    }
    return answers;
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<database::Database> database_;
  Service service_;
  std::unique_ptr<http::CallerInquiry> inquiry_;
};

using Answers = std::vector<std::string>;

TEST_F(CallersTest, AreAskedAboutWithoutBlockingOnPostgres) {
  EXPECT_EQ(inquiry_ != nullptr, test::postgres() != nullptr);
}

TEST_F(CallersTest, AreToldInTheirPlaces) {
  Answers emails;
  Answers headers;
  for (int i = 0; i < 20; ++i) {
    emails.push_back(add("user" + std::to_string(i) + "@example.org").email);
    headers.push_back(bearer(emails.back()));
  }
  EXPECT_EQ(told(headers), emails);
  EXPECT_EQ(told({headers[3], "-", headers[1], "Bearer nonsense", headers[3]}),
            (Answers{emails[3], "UNAUTHENTICATED", emails[1], "UNAUTHENTICATED", emails[3]}));
  EXPECT_EQ(told({"-", "Basic YWRhOnNlY3JldA=="}), (Answers{"UNAUTHENTICATED", "UNAUTHENTICATED"}));
}

TEST_F(CallersTest, AreToldAsTheirRowsSayNow) {
  const User ada = add("ada@example.org");
  const std::string header = bearer(ada.email);
  EXPECT_EQ(told({header}), Answers{"ada@example.org"});
  const User renamed =
      service_.update(ada, ada.id, {.name = {}, .surname = {}, .email = "a@b.org", .password = {}});
  EXPECT_EQ(told({header}), Answers{"a@b.org"});
  service_.update(renamed, ada.id, {.name = {}, .surname = {}, .email = {}, .password = "password2"});
  EXPECT_EQ(told({header}), Answers{"UNAUTHENTICATED"});
  const std::string later = bearer("a@b.org", "password2");
  EXPECT_EQ(told({later, header}), (Answers{"a@b.org", "UNAUTHENTICATED"}));
  service_.remove(renamed, ada.id);
  EXPECT_EQ(told({later}), Answers{"UNAUTHENTICATED"});
}

TEST_F(CallersTest, AreTheSameUsersBothWays) {
  const User ada = add("ada@example.org");
  const std::string header = bearer(ada.email);
  http::Request request;
  request.headers.add("Authorization", header);
  log::Context context;
  std::vector<http::Caller> callers{{request, context, nullptr, std::nullopt}};
  for (const bool by_inquiry : {false, true}) {
    if (by_inquiry && !inquiry_) continue;
    if (by_inquiry) ask(callers);
    if (!by_inquiry) authenticate(service_, callers);
    const User& user = *callers.front().user;
    EXPECT_EQ(user.id, ada.id);
    EXPECT_EQ(user.name, "Ada");
    EXPECT_EQ(user.surname, "Lovelace");
    EXPECT_EQ(user.email, ada.email);
    EXPECT_EQ(user.tokens, Credits{100'00});
    EXPECT_EQ(user.role, Role::kUser);
    EXPECT_EQ(user.created_at, ada.created_at);
    EXPECT_EQ(user.password_changed_at, ada.password_changed_at);
    callers.front().user = nullptr;
  }
}

TEST_F(CallersTest, AreFoundWithoutReadingAllUsersThoughThereWereFewAtFirst) {
  if (test::postgres() == nullptr) GTEST_SKIP() << "needs scripts/with-postgres";
  const std::string header = bearer(add("ada@example.org").email);
  database_->transaction([](database::Session& sql) { sql << "ANALYZE users"; });
  EXPECT_EQ(told({header}, true), Answers{"ada@example.org"});
  database_->transaction([](database::Session& sql) {
    sql << "INSERT INTO users(id, name, surname, email, password, password_changed_at, created_at, "
           "updated_at) "
           "SELECT gen_random_uuid(), 'A', 'B', CAST(n AS TEXT), 'x', time_of(0), time_of(0), time_of(0) "
           "FROM generate_series(1, 3000) AS n";
  });
  for (int i = 0; i < 100; ++i) told({header}, true);
  inquiry_.reset();  // a connection that ends has reported what it read
  const auto by_index = [&] {
    return database_->read([](database::Session& sql) {
      long long scans = 0;
      sql << "SELECT idx_scan FROM pg_stat_user_tables WHERE relname = 'users' AND "
             "schemaname = current_schema()",
          soci::into(scans);
      return scans;
    });
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (by_index() < 101 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_GE(by_index(), 101);
}

}  // namespace
}  // namespace inpaint::accounts
