#include "accounts/sessions.h"

#include <strings.h>

#include "base/error.h"

namespace inpaint::accounts {
namespace {

constexpr std::string_view kAudience = "session";
constexpr std::string_view kScheme = "Bearer ";

Error unauthenticated(const std::string& message) {
  return {ErrorKind::kUnauthenticated, "UNAUTHENTICATED", message};
}

}  // namespace

Sessions::Sessions(std::string_view secret, std::chrono::seconds lifetime)
    : jwt_(std::string(secret)), lifetime_(lifetime) {}

std::string Sessions::issue(const User& user) const {
  const std::int64_t now = Timestamp::now().unix_ms / 1000;
  return jwt_.sign({{"sub", user.id.to_string()},
                    {"aud", kAudience},
                    {"iat", now},
                    {"exp", now + lifetime_.count()},
                    {"pwd", user.password_changed_at.unix_ms}});
}

Sessions::Claims Sessions::verify(std::string_view authorization) const {
  if (authorization.empty()) throw unauthenticated("Log in first: the Authorization header is missing.");
  if (authorization.size() < kScheme.size() ||
      strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) {
    throw unauthenticated("The Authorization header must be: Bearer <token>.");
  }
  const Jwt::Claims claims = jwt_.verify(authorization.substr(kScheme.size()), kAudience);
  const auto subject = claims->find("sub");
  const auto password = claims->find("pwd");
  if (subject == claims->end() || !subject->is_string() || password == claims->end() ||
      !password->is_number_integer()) {
    throw unauthenticated("The token is invalid or has expired.");
  }
  const std::optional<UserId> user = UserId::parse(subject->get_ref<const std::string&>());
  if (!user) throw unauthenticated("The token is invalid or has expired.");
  return {*user, Timestamp{password->get<std::int64_t>()}};
}

}  // namespace inpaint::accounts
