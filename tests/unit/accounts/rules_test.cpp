#include "accounts/rules.h"

#include <gtest/gtest.h>

#include "accounts/password.h"
#include "base/error.h"
#include "unit/processor_time.h"

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
      return test::processor_seconds([&] { matches("some password", hash); });
    };
    if (cost == 10) {
      EXPECT_GT(seconds(nobody), 0.3 * seconds(hash_password("x", cost)));
    }
  }
}

TEST(PasswordTest, what_bcrypt_would_cut_off_counts) {
  const std::string longest(72, 'x');
  const std::string hash = hash_password(longest, 8);
  EXPECT_TRUE(matches(longest, hash));
  EXPECT_FALSE(matches(longest + "x", hash));
  EXPECT_FALSE(matches(std::string("password1\0more", 14), hash_password("password1", 4)));
  const auto seconds = [&](const std::string& password) {
    return test::processor_seconds([&] { EXPECT_EQ(matches(password, hash), password == longest); });
  };
  EXPECT_GT(seconds(std::string(5000, 'x')), 0.3 * seconds(longest));
}

}  // namespace
}  // namespace inpaint::accounts
