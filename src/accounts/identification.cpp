#include "accounts/identification.h"

namespace inpaint::accounts {

Identification::Identification(const Sessions& sessions, std::span<const std::string_view> authorizations)
    : authorizations_(authorizations.begin(), authorizations.end()) {
  for (const std::string_view authorization : authorizations_) {
    if (tokens_.contains(authorization)) continue;
    const Token token = verify(sessions, authorization);
    if (const auto* claims = std::get_if<Sessions::Claims>(&token)) users_.insert(claims->user);
    tokens_.emplace(authorization, token);
  }
}

std::vector<Identity> Identification::identities(const Users& found) const {
  std::vector<Identity> identities;
  identities.reserve(authorizations_.size());
  for (const std::string_view authorization : authorizations_) {
    identities.push_back(identity_of(tokens_.at(authorization), found));
  }
  return identities;
}

Identification::Token Identification::verify(const Sessions& sessions, std::string_view authorization) {
  try {
    return sessions.verify(authorization);
  } catch (const Error& error) {
    return error;
  }
}

Identity Identification::identity_of(const Token& token, const Users& found) {
  if (const auto* refusal = std::get_if<Error>(&token)) return *refusal;
  const auto& claims = std::get<Sessions::Claims>(token);
  const auto user = found.find(claims.user);
  if (user == found.end() || user->second->password_changed_at != claims.password_changed_at) {
    return Error(ErrorKind::kUnauthenticated, "UNAUTHENTICATED", "The token is invalid or has expired.");
  }
  return user->second;
}

}  // namespace inpaint::accounts
