#include "accounts/rules.h"

#include <gtest/gtest.h>

#include "accounts/login_throttle.h"
#include "accounts/password.h"
#include "base/error.h"

namespace inpaint::accounts {
namespace {

TEST(RulesTest, names_of_any_script) {
  for (const char* name : {"Ada", "José", "Jose\u0301", "O'Neill", "O’Neill", "Anne-Marie", "Müller Straße",
                           "李小龍", "Нина", "محمد", "अनिल", "วิชัย", "x"}) {
    EXPECT_FALSE(name_problem(name)) << name;
  }
}

TEST(RulesTest, names_that_are_none) {
  for (const char* name : {"", "7", "-", "' -", "Ada1", "<b>", "a\nb", "a\tb", "Ada😀", "٣", "../x",
                           "a\u200Bb", "a\u202Eb", "\xff\xfe"}) {
    EXPECT_TRUE(name_problem(name)) << name;
  }
}

TEST(RulesTest, emails) {
  for (const char* email :
       {"a@b.co", "Ada.Lovelace+tag@example.org", "x_y@sub-domain.example.org", "admin@localhost"}) {
    EXPECT_FALSE(email_problem(email)) << email;
  }
  for (const char* email :
       {"", "a", "@", "a@", "@b.co", "a@b", "a b@c.de", "a@b..co", "a@-b.co", "a@b-.co", ".a@b.co", "a.@b.co",
        "a..b@c.de", "a@b.co\n", "a@b@c.de", "\"a\"@b.co", "a@[1.2.3.4]", "ä@b.co"}) {
    EXPECT_TRUE(email_problem(email)) << email;
  }
  EXPECT_FALSE(email_problem(std::string(64, 'a') + "@" + std::string(60, 'b') + ".co"));
  EXPECT_TRUE(email_problem(std::string(65, 'a') + "@b.co"));
}

TEST(RulesTest, passwords_from_8_characters_to_72_bytes) {
  EXPECT_TRUE(password_problem("1234567"));
  EXPECT_FALSE(password_problem("12345678"));
  EXPECT_TRUE(password_problem("äöüäöü"));  // 12 bytes, 6 characters
  EXPECT_FALSE(password_problem(std::string(72, 'x')));
  EXPECT_TRUE(password_problem(std::string(73, 'x')));
}

TEST(PasswordTest, hashes_match_their_password_only) {
  const std::string hash = hash_password("correct horse", 4);
  EXPECT_EQ(hash.substr(0, 7), "$2b$04$");
  EXPECT_TRUE(matches("correct horse", hash));
  EXPECT_FALSE(matches("Correct horse", hash));
  EXPECT_NE(hash, hash_password("correct horse", 4));
  EXPECT_FALSE(matches("x", "no hash"));
}

TEST(PasswordTest, the_unmatchable_hash_costs_what_a_real_one_does) {
  for (const int cost : {4, 10}) {
    const std::string nobody = unmatchable_hash(cost);
    EXPECT_EQ(nobody.size(), hash_password("x", 4).size());
    EXPECT_FALSE(matches("", nobody));
    const auto seconds = [&](const std::string& hash) {
      const auto start = std::chrono::steady_clock::now();
      matches("some password", hash);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    if (cost == 10) {
      EXPECT_GT(seconds(nobody), 0.3 * seconds(hash_password("x", cost)));
    }
  }
}

class LoginThrottleTest : public testing::Test {
 protected:
  bool allowed(const std::string& email, const std::string& address, int seconds = 0) {
    try {
      throttle_.attempt(email, address, start_ + std::chrono::seconds(seconds));
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kTooManyRequests);
      EXPECT_EQ(error.details().at(0).field, "retryAfter");
      return false;
    }
  }
  LoginThrottle throttle_;
  LoginThrottle::Clock::time_point start_ = LoginThrottle::Clock::now();
};

TEST_F(LoginThrottleTest, trap_F7_ten_failures_then_no_more_until_the_window_ends) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(allowed("a@b.co", "10.0.0.1", i));
  EXPECT_FALSE(allowed("a@b.co", "10.0.0.1", 11));
  EXPECT_TRUE(allowed("a@b.co", "10.0.0.2", 11));  // its owner elsewhere is not locked out
  EXPECT_TRUE(allowed("c@b.co", "10.0.0.1", 11));
  EXPECT_TRUE(allowed("a@b.co", "10.0.0.1", 301));
}

TEST_F(LoginThrottleTest, success_forgets) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(allowed("a@b.co", "10.0.0.1"));
    throttle_.succeeded("a@b.co", "10.0.0.1");
  }
}

TEST_F(LoginThrottleTest, counts_an_account_over_all_addresses_and_an_address_over_all_accounts) {
  int tried = 0;
  while (tried < 1000 && allowed("a@b.co", "10.0.1." + std::to_string(tried))) ++tried;
  EXPECT_EQ(tried, 100);
  tried = 0;
  while (tried < 1000 && allowed(std::to_string(tried) + "@b.co", "10.9.9.9")) ++tried;
  EXPECT_EQ(tried, 200);
}

}  // namespace
}  // namespace inpaint::accounts
