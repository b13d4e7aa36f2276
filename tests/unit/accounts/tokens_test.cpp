#include <gtest/gtest.h>
#include <jwt.h>

#include <thread>

#include "accounts/jwt.h"
#include "accounts/sessions.h"
#include "accounts/signed_links.h"
#include "base/error.h"

namespace inpaint::accounts {
namespace {

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

std::int64_t in_an_hour() {
  return Timestamp::now().unix_ms / 1000 + 3600;
}

// A token that libjwt signs with any algorithm, as an attacker who knew the key would.
std::string forge(jwt_alg_t algorithm, const http::Json& claims) {
  jwt_t* jwt = nullptr;
  jwt_new(&jwt);
  const std::string key = algorithm == JWT_ALG_NONE ? "" : std::string(kSecret);
  jwt_set_alg(jwt, algorithm, key.empty() ? nullptr : reinterpret_cast<const unsigned char*>(key.data()),
              static_cast<int>(key.size()));
  jwt_add_grants_json(jwt, claims.dump().c_str());
  char* text = jwt_encode_str(jwt);
  const std::string token = text;
  std::free(text);
  jwt_free(jwt);
  return token;
}

bool accepted(const Jwt& jwt, const std::string& token, std::string_view audience = "session") {
  try {
    jwt.verify(token, audience);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnauthenticated);
    return false;
  }
}

bool accepted(const std::string& token) {
  return accepted(Jwt(std::string(kSecret)), token);
}

User make_user() {
  return {UserId::make(), "Ada",       "Lovelace",   "ada@example.org",
          Credits{},      Role::kUser, Timestamp{1}, Timestamp{7}};
}

TEST(JwtTest, accepts_its_own_tokens_until_they_expire) {
  EXPECT_TRUE(accepted(forge(JWT_ALG_HS256, {{"aud", "session"}, {"exp", in_an_hour()}})));
  EXPECT_FALSE(accepted(forge(JWT_ALG_HS256, {{"aud", "session"}, {"exp", in_an_hour() - 3601}})));
}

TEST(JwtTest, trap_F6_refuses_other_algorithms_and_tokens_without_end) {
  const http::Json claims{{"aud", "session"}, {"exp", in_an_hour()}};
  EXPECT_FALSE(accepted(forge(JWT_ALG_HS512, claims)));
  EXPECT_FALSE(accepted(forge(JWT_ALG_HS384, claims)));
  EXPECT_FALSE(accepted(forge(JWT_ALG_NONE, claims)));
  EXPECT_FALSE(accepted(forge(JWT_ALG_HS256, {{"aud", "session"}})));
  EXPECT_FALSE(accepted(forge(JWT_ALG_HS256, {{"aud", "session"}, {"exp", "never"}})));
  EXPECT_FALSE(accepted(forge(JWT_ALG_HS256, {{"aud", "session"}, {"exp", 1e300}})));
  EXPECT_FALSE(accepted(forge(JWT_ALG_HS256, {{"aud", {"session"}}, {"exp", in_an_hour()}})));
}

TEST(JwtTest, refuses_what_is_no_token) {
  const std::string token = forge(JWT_ALG_HS256, {{"aud", "session"}, {"exp", in_an_hour()}});
  EXPECT_FALSE(accepted(""));
  EXPECT_FALSE(accepted("."));
  EXPECT_FALSE(accepted(".."));
  EXPECT_FALSE(accepted(std::string(100'000, 'a')));
  EXPECT_FALSE(accepted(token + "x"));
  EXPECT_FALSE(accepted(token + std::string(1, '\0')));
  for (std::size_t i = 0; i < token.size(); ++i) {
    EXPECT_FALSE(accepted(token.substr(0, i)));
  }
  std::string changed = token;
  changed[changed.find('.') + 5] = changed[changed.find('.') + 5] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(accepted(changed));
}

// What is remembered of it lends nothing to another, and does not outlive it.
TEST(JwtTest, a_token_that_was_genuine_once_is_looked_at_each_time) {
  const Jwt jwt{std::string(kSecret)};
  const std::int64_t end = in_an_hour() - 3595;
  const std::string token = jwt.sign({{"aud", "session"}, {"exp", end}});
  EXPECT_FALSE(accepted(jwt, token, "image"));
  EXPECT_TRUE(accepted(jwt, token));
  EXPECT_TRUE(accepted(jwt, token));
  EXPECT_FALSE(accepted(jwt, token, "image"));
  const std::string text = token.substr(0, token.rfind('.') + 1);
  EXPECT_FALSE(accepted(jwt, text));
  for (std::size_t i = text.size(); i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(accepted(jwt, changed));
    EXPECT_FALSE(accepted(jwt, token.substr(0, i)));
  }
  EXPECT_TRUE(accepted(jwt, token)) << "its changed copies do it no harm";
  std::this_thread::sleep_until(std::chrono::system_clock::from_time_t(end));
  EXPECT_FALSE(accepted(jwt, token)) << "it has ended";
}

TEST(JwtTest, more_tokens_than_are_remembered_are_all_told_apart) {
  const Jwt jwt{std::string(kSecret)};
  std::vector<std::string> tokens;
  for (int i = 0; i < 2500; ++i) {
    tokens.push_back(jwt.sign({{"aud", "session"}, {"exp", in_an_hour()}, {"pwd", i}}));
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 2500; ++i) {
      EXPECT_EQ(jwt.verify(tokens[static_cast<std::size_t>(i)], "session")->at("pwd"), i);
    }
  }
}

TEST(SessionsTest, round_trip) {
  const Sessions sessions(kSecret, std::chrono::hours(1));
  const User user = make_user();
  const Sessions::Claims claims = sessions.verify("Bearer " + sessions.issue(user));
  EXPECT_EQ(claims.user, user.id);
  EXPECT_EQ(claims.password_changed_at.unix_ms, 7);
  EXPECT_NO_THROW(sessions.verify("bearer " + sessions.issue(user)));
}

TEST(SessionsTest, trap_F6_refuses_other_schemes_and_subjects) {
  const Sessions sessions(kSecret, std::chrono::hours(1));
  const std::string token = sessions.issue(make_user());
  EXPECT_THROW(sessions.verify("Basic " + token), Error);
  EXPECT_THROW(sessions.verify(token), Error);
  EXPECT_THROW(sessions.verify("Bearer"), Error);
  EXPECT_THROW(sessions.verify("Bearer "), Error);
  for (const http::Json& subject : {http::Json("1' OR 1=1"), http::Json(7), http::Json(nullptr)}) {
    const std::string forged =
        forge(JWT_ALG_HS256, {{"sub", subject}, {"aud", "session"}, {"exp", in_an_hour()}, {"pwd", 7}});
    EXPECT_THROW(sessions.verify("Bearer " + forged), Error);
  }
}

TEST(SignedLinksTest, round_trip_and_purpose) {
  const SignedLinks links(kSecret);
  const UserId user = UserId::make();
  const std::string token = links.make(user, SignedLinks::Purpose::kImage, "datasets/a/b.png");
  const SignedLinks::Link link = links.verify(token, SignedLinks::Purpose::kImage);
  EXPECT_EQ(link.user, user);
  EXPECT_EQ(link.key, "datasets/a/b.png");
  EXPECT_THROW(links.verify(token, SignedLinks::Purpose::kResult), Error);
  EXPECT_THROW(links.verify(token.substr(1), SignedLinks::Purpose::kImage), Error);
}

TEST(SignedLinksTest, ends) {
  const SignedLinks links(kSecret);
  const std::string token =
      links.make(UserId::make(), SignedLinks::Purpose::kResult, "results/a/0.png", std::chrono::seconds(0));
  EXPECT_THROW(links.verify(token, SignedLinks::Purpose::kResult), Error);
}

TEST(SignedLinksTest, trap_F1_a_link_is_no_session_and_a_session_no_link) {
  const SignedLinks links(kSecret);
  const Sessions sessions(kSecret, std::chrono::hours(1));
  const User user = make_user();
  for (const auto purpose : {SignedLinks::Purpose::kImage, SignedLinks::Purpose::kResult}) {
    EXPECT_THROW(sessions.verify("Bearer " + links.make(user.id, purpose, "datasets/a/b.png")), Error);
    EXPECT_THROW(links.verify(sessions.issue(user), purpose), Error);
  }
  // Even with the session's own key, the audience decides.
  const std::string forged = forge(
      JWT_ALG_HS256, {{"sub", user.id.to_string()}, {"aud", "result"}, {"exp", in_an_hour()}, {"pwd", 7}});
  EXPECT_THROW(sessions.verify("Bearer " + forged), Error);
}

}  // namespace
}  // namespace inpaint::accounts
