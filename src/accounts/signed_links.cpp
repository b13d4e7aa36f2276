#include "accounts/signed_links.h"

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"

namespace inpaint::accounts {
namespace {

std::string_view audience(SignedLinks::Purpose purpose) {
  return purpose == SignedLinks::Purpose::kImage ? "image" : "result";
}

Error invalid_link() {
  return not_found("This link is invalid or has expired.");
}

}  // namespace

SignedLinks::SignedLinks(std::string_view secret) : jwt_(derive_key(secret, "link")) {}

std::string SignedLinks::make(const UserId& user, Purpose purpose, std::string_view key,
                              std::chrono::seconds lifetime) const {
  return jwt_.sign({{"sub", user.to_string()},
                    {"aud", audience(purpose)},
                    {"key", key},
                    {"exp", Timestamp::now().unix_ms / 1000 + lifetime.count()}});
}

SignedLinks::Link SignedLinks::verify(std::string_view token, Purpose purpose) const {
  Jwt::Claims claims;
  try {
    claims = jwt_.verify(token, audience(purpose));
  } catch (const Error&) {
    throw invalid_link();
  }
  const auto subject = claims->find("sub");
  const auto key = claims->find("key");
  if (subject == claims->end() || !subject->is_string() || key == claims->end() || !key->is_string()) {
    throw invalid_link();
  }
  const std::optional<UserId> user = UserId::parse(subject->get_ref<const std::string&>());
  if (!user) throw invalid_link();
  log::annotate("user", user->to_string());
  return {*user, key->get<std::string>()};
}

}  // namespace inpaint::accounts
