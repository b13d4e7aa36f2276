#include "accounts/service.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "accounts/audit.h"
#include "accounts/repository.h"
#include "base/error.h"
#include "credits/ledger.h"
#include "database/session.h"
#include "unit/processor_time.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::accounts {
namespace {

class ServiceTest : public testing::Test {
 protected:
  ServiceTest()
      : database_(test::open_database(directory_.path(), 8)),
        service_(*database_, Sessions("0123456789abcdef0123456789abcdef", std::chrono::hours(1)), 4,
                 [this](database::Session&, const UserId& user) { deleted_.push_back(user); }) {
    database_->migrate();
  }

  User add(const std::string& email, Role role = Role::kUser) {
    return service_.register_user({"Ada", "Lovelace", email, "password1", role});
  }

  std::string bearer(const std::string& email, const std::string& password = "password1") {
    return "Bearer " + service_.log_in(email, password, "10.0.0.1").token;
  }

  template <typename Work>
  static std::string code_of(Work work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return "";
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<database::Database> database_;
  std::vector<UserId> deleted_;
  Service service_;
};

TEST_F(ServiceTest, registers_with_a_lower_case_email_and_the_gift) {
  const User user = add("Ada@Example.ORG");
  EXPECT_EQ(user.email, "ada@example.org");
  EXPECT_EQ(user.tokens, Credits{100'00});
  EXPECT_EQ(code_of([&] { add("ada@example.org"); }), "DUPLICATE_EMAIL");
}

TEST_F(ServiceTest, trap_M13_of_parallel_registrations_of_one_email_one_succeeds) {
  std::atomic<int> made = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const std::string code = code_of([&] { add("ada@example.org"); });
      if (code.empty()) ++made;
      if (code == "DUPLICATE_EMAIL") ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(refused, 7);
}

TEST_F(ServiceTest, logs_in_and_authenticates) {
  const User user = add("ada@example.org");
  const std::string header = bearer("ADA@example.org");
  EXPECT_EQ(service_.authenticate(header)->id, user.id);
  EXPECT_EQ(code_of([&] { bearer("ada@example.org", "wrong password"); }), "BAD_CREDENTIALS");
  EXPECT_EQ(code_of([&] { bearer("nobody@example.org"); }), "BAD_CREDENTIALS");
}

TEST_F(ServiceTest, authenticates_many_at_once_each_in_its_place) {
  std::vector<User> users;
  std::vector<std::string> headers;
  for (int i = 0; i < 40; ++i) {
    users.push_back(add("user" + std::to_string(i) + "@example.org"));
    headers.push_back(bearer(users.back().email));
  }
  service_.remove(users[3], users[3].id);
  service_.update(users[5], users[5].id, {.name = {}, .surname = {}, .email = {}, .password = "password2"});
  service_.update(users[7], users[7].id, {.name = "Augusta", .surname = {}, .email = {}, .password = {}});
  std::vector<std::string_view> all(headers.begin(), headers.end());
  all.insert(all.begin() + 20, {"", "Bearer nonsense", headers[0], headers[0]});
  const std::vector<Identity> callers = service_.authenticate(all);
  ASSERT_EQ(callers.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto whose =
        static_cast<std::size_t>(std::find(headers.begin(), headers.end(), all[i]) - headers.begin());
    const auto* user = std::get_if<std::shared_ptr<const User>>(&callers[i]);
    if (whose == headers.size() || whose == 3 || whose == 5) {
      ASSERT_EQ(user, nullptr) << i;
      EXPECT_EQ(std::get<Error>(callers[i]).code(), "UNAUTHENTICATED");
    } else {
      ASSERT_NE(user, nullptr) << i;
      EXPECT_EQ((*user)->id, users[whose].id);
      EXPECT_EQ((*user)->name, whose == 7 ? "Augusta" : "Ada");
    }
  }
  EXPECT_TRUE(service_.authenticate(std::vector<std::string_view>{}).empty());
}

TEST_F(ServiceTest, looks_up_once_who_asks_several_times_at_once) {
  const User ada = add("ada@example.org");
  const std::string header = bearer("ada@example.org");
  const std::string later = bearer("ada@example.org");
  const std::vector<Identity> callers =
      service_.authenticate(std::vector<std::string_view>{header, later, header});
  const auto user = [&](std::size_t i) { return std::get<std::shared_ptr<const User>>(callers.at(i)); };
  EXPECT_EQ(user(0)->id, ada.id);
  EXPECT_EQ(user(1), user(0));
  EXPECT_EQ(user(2), user(0));
  EXPECT_EQ(service_.identify({header, later, header}).users(), std::set<UserId>{ada.id});
}

TEST_F(ServiceTest, finding_many_reads_no_whole_table) {
  if (test::postgres() == nullptr) GTEST_SKIP() << "needs scripts/with-postgres";
  test::crowd(*database_);
  const std::set<UserId> ids{UserId::make(), UserId::make(), UserId::make(), UserId::make(),
                             UserId::make(), UserId::make(), UserId::make(), UserId::make()};
  database_->transaction([&](database::Session& sql) {
    const long long before = test::whole_tables_read(sql);
    for (int i = 0; i < 10; ++i) repository::find(sql, ids);  // planned for all values from the sixth on
    EXPECT_EQ(test::whole_tables_read(sql) - before, 0);
  });
}

// The work of comparing a password is what takes time, and it is done for an unknown e-mail too, whatever
// costs the accounts were hashed with. Logins of all kinds take turns; the fastest of each tells the work.
TEST_F(ServiceTest, an_unknown_email_takes_as_long_as_a_wrong_password) {
  const auto service_of = [&](int cost) {
    return std::make_unique<Service>(*database_,
                                     Sessions("0123456789abcdef0123456789abcdef", std::chrono::hours(1)),
                                     cost, [](database::Session&, const UserId&) {});
  };
  service_of(6)->register_user({"Ada", "Lovelace", "cheap@example.org", "password1", Role::kUser});
  service_of(9)->register_user({"Ada", "Lovelace", "dear@example.org", "password1", Role::kUser});
  for (const int cost : {6, 9}) {  // 9: some 20 ms
    const auto service = service_of(cost);
    std::map<std::string, double> times;
    for (int attempt = 0; attempt < 12; ++attempt) {
      for (const char* email : {"cheap@example.org", "dear@example.org", "nobody@example.org"}) {
        const std::string address = "10.0.0." + std::to_string(attempt);  // the throttle is not the subject
        const double seconds = test::processor_seconds([&] {
          EXPECT_EQ(code_of([&] { service->log_in(email, "wrong password", address); }), "BAD_CREDENTIALS");
        });
        const auto [time, is_first] = times.try_emplace(email, seconds);
        time->second = std::min(time->second, seconds);
      }
    }
    for (const char* email : {"cheap@example.org", "dear@example.org"}) {
      const double ratio = times["nobody@example.org"] / times[email];
      EXPECT_GT(ratio, 0.7) << email << " with cost " << cost;
      EXPECT_LT(ratio, 1.4) << email << " with cost " << cost;
    }
  }
}

TEST_F(ServiceTest, a_login_brings_the_hash_to_todays_cost_and_sessions_go_on) {
  const User user = add("ada@example.org");
  const std::string header = bearer("ada@example.org");
  Service dearer(*database_, Sessions("0123456789abcdef0123456789abcdef", std::chrono::hours(1)), 5,
                 [](database::Session&, const UserId&) {});
  const auto prefix = [&] {
    return database_->read([&](database::Session& sql) {
      std::string hash;
      sql << "SELECT password FROM users WHERE email = 'ada@example.org'", soci::into(hash);
      return hash.substr(0, 7);
    });
  };
  EXPECT_EQ(code_of([&] { dearer.log_in(user.email, "wrong password", "::1"); }), "BAD_CREDENTIALS");
  EXPECT_EQ(prefix(), "$2b$04$");
  dearer.log_in(user.email, "password1", "::1");
  EXPECT_EQ(prefix(), "$2b$05$");
  EXPECT_NO_THROW(dearer.log_in(user.email, "password1", "::1"));
  EXPECT_EQ(dearer.authenticate(header)->id, user.id);
}

TEST_F(ServiceTest, the_audit_tells_all_that_administrators_do_to_accounts) {
  const User user = add("ada@example.org");
  const User admin = add("admin@example.org", Role::kAdministrator);
  add("second@example.org", Role::kAdministrator);
  service_.update(user, user.id, {.name = "Augusta", .surname = {}, .email = {}, .password = {}});
  service_.update(admin, admin.id, {.name = "Augusta", .surname = {}, .email = {}, .password = {}});
  service_.update(admin, user.id, {.name = "Ada", .surname = {}, .email = {}, .password = {}});
  service_.remove(user, user.id);
  service_.remove(admin, admin.id);
  EXPECT_EQ(database_->read(audit::count), 3);
}

TEST_F(ServiceTest, a_change_of_password_ends_every_session) {
  const User user = add("ada@example.org");
  const std::string header = bearer("ada@example.org");
  service_.update(user, user.id, {.name = "Augusta", .surname = {}, .email = {}, .password = {}});
  EXPECT_EQ(service_.authenticate(header)->name, "Augusta");
  service_.update(user, user.id, {.name = {}, .surname = {}, .email = {}, .password = "password2"});
  EXPECT_EQ(code_of([&] { service_.authenticate(header); }), "UNAUTHENTICATED");
  EXPECT_NO_THROW(service_.authenticate(bearer("ada@example.org", "password2")));
}

TEST_F(ServiceTest, only_oneself_and_administrators_change_an_account) {
  const User ada = add("ada@example.org");
  const User bob = add("bob@example.org");
  const User admin = add("admin@example.org", Role::kAdministrator);
  EXPECT_EQ(code_of([&] { service_.update(bob, ada.id, {}); }), "FORBIDDEN");
  EXPECT_EQ(code_of([&] { service_.remove(bob, ada.id); }), "FORBIDDEN");
  EXPECT_EQ(code_of([&] { service_.remove(bob, UserId::make()); }), "FORBIDDEN");
  EXPECT_EQ(code_of([&] { service_.remove(admin, UserId::make()); }), "NOT_FOUND");
  EXPECT_NO_THROW(service_.remove(admin, ada.id));
  EXPECT_EQ(code_of([&] {
              service_.update(bob, bob.id,
                              {.name = {}, .surname = {}, .email = "ADMIN@example.org", .password = {}});
            }),
            "DUPLICATE_EMAIL");
}

TEST_F(ServiceTest, trap_F9_deleting_ends_sessions_and_keeps_the_ledger) {
  const User user = add("ada@example.org");
  const std::string header = bearer("ada@example.org");
  service_.remove(user, user.id);
  EXPECT_EQ(deleted_, std::vector<UserId>{user.id});
  EXPECT_EQ(code_of([&] { service_.authenticate(header); }), "UNAUTHENTICATED");
  const auto rows =
      database_->read([&](database::Session& sql) { return credits::recent_entries(sql, user.id, 10); });
  EXPECT_EQ(rows.size(), 1u);
}

TEST_F(ServiceTest, the_last_administrator_stays) {
  const User admin = add("admin@example.org", Role::kAdministrator);
  EXPECT_EQ(code_of([&] { service_.remove(admin, admin.id); }), "LAST_ADMINISTRATOR");
  add("second@example.org", Role::kAdministrator);
  EXPECT_NO_THROW(service_.remove(admin, admin.id));
}

TEST_F(ServiceTest, makes_the_first_administrator_once) {
  const Registration first{"The", "Administrator", "admin@localhost", "password1", Role::kAdministrator};
  int made = 0;
  service_.prepare_administrator(first, [&](const Registration&) { ++made; });
  EXPECT_EQ(service_.log_in("admin@localhost", "password1", "::1").user.role, Role::kAdministrator);
  EXPECT_EQ(made, 1);
  EXPECT_FALSE(service_.ensure_administrator(first));
}

TEST_F(ServiceTest, trap_Q6_processes_that_start_at_once_make_one_first_administrator) {
  for (int round = 0; round < 20; ++round) {
    const std::string email = "admin" + std::to_string(round) + "@localhost";
    const Registration first{"The", "Administrator", email, "password1", Role::kAdministrator};
    std::atomic<int> made = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back(
          [&] { EXPECT_EQ(code_of([&] { made += service_.ensure_administrator(first) ? 1 : 0; }), ""); });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(made, 1);
    database_->transaction([](database::Session& sql) { sql << "UPDATE users SET role = 'user'"; });
  }
}

TEST_F(ServiceTest, nobody_takes_the_first_administrators_email_and_failures_pass) {
  const Registration first{"The", "Administrator", "admin@localhost", "password1", Role::kAdministrator};
  const auto rename = [&](const std::string& from, const std::string& to) {
    database_->transaction(
        [&](database::Session& sql) { sql << "ALTER TABLE " + from + " RENAME TO " + to; });
  };
  rename("token_transactions", "gone");  // so that no account can be opened
  service_.prepare_administrator(first, [](const Registration&) {});
  EXPECT_EQ(code_of([&] { add("admin@localhost"); }), "STARTING");
  EXPECT_EQ(code_of([&] { bearer("admin@localhost"); }), "STARTING");
  rename("gone", "token_transactions");
  EXPECT_EQ(code_of([&] { add("admin@localhost"); }), "DUPLICATE_EMAIL");
  EXPECT_EQ(service_.log_in("admin@localhost", "password1", "::1").user.role, Role::kAdministrator);
}

TEST_F(ServiceTest, stops_while_the_first_administrator_cannot_be_made) {
  database_->transaction(
      [](database::Session& sql) { sql << "ALTER TABLE token_transactions RENAME TO gone"; });
  auto service = std::make_unique<Service>(
      *database_, Sessions("0123456789abcdef0123456789abcdef", std::chrono::hours(1)), 4,
      [](database::Session&, const UserId&) {});
  service->prepare_administrator(
      {"The", "Administrator", "admin@localhost", "password1", Role::kAdministrator},
      [](const Registration&) {});
  const auto begin = std::chrono::steady_clock::now();
  service.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(ServiceTest, refuses_to_start_when_the_first_administrators_email_is_a_users) {
  add("admin@localhost");
  const Registration first{"The", "Administrator", "Admin@localhost", "password1", Role::kAdministrator};
  try {
    service_.prepare_administrator(first, [](const Registration&) {});
    ADD_FAILURE() << "it went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "ADMIN_EMAIL_TAKEN");
    EXPECT_NE(std::string(error.what()).find("ADMIN_EMAIL"), std::string::npos);
  }
  EXPECT_EQ(code_of([&] { service_.ensure_administrator(first); }), "ADMIN_EMAIL_TAKEN");
  add("root@example.org", Role::kAdministrator);  // then the setting is of no interest any more
  EXPECT_NO_THROW(service_.prepare_administrator(first, [](const Registration&) {}));
}

}  // namespace
}  // namespace inpaint::accounts
