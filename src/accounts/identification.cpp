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

std::vector<Caller> Identification::callers(const Users& found) const {
  std::vector<Caller> callers;
  callers.reserve(authorizations_.size());
  for (const std::string_view authorization : authorizations_) {
    callers.push_back(caller_of(tokens_.at(authorization), found));
  }
  return callers;
}

Identification::Token Identification::verify(const Sessions& sessions, std::string_view authorization) {
  try {
    return sessions.verify(authorization);
  } catch (const Error& error) {
    return error;
  }
}

Caller Identification::caller_of(const Token& token, const Users& found) {
  if (const auto* refusal = std::get_if<Error>(&token)) return *refusal;
  const auto& claims = std::get<Sessions::Claims>(token);
  const auto user = found.find(claims.user);
  if (user == found.end() || user->second->password_changed_at != claims.password_changed_at) {
    return Error(ErrorKind::kUnauthenticated, "UNAUTHENTICATED", "The token is invalid or has expired.");
  }
  return user->second;
}

}  // namespace inpaint::accounts
