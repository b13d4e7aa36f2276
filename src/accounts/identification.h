#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "accounts/sessions.h"
#include "accounts/user.h"
#include "base/error.h"

namespace inpaint::accounts {

// Those that there are.
using Users = std::map<UserId, std::shared_ptr<const User>>;
// Who sent a request, as its row says now; or kUnauthenticated.
using Identity = std::variant<std::shared_ptr<const User>, Error>;

// Finds out who some Authorization headers belong to. In two steps, because between them the users are looked
// up, by whoever may block or by whoever may not. What is the same is verified and looked up once.
class Identification {
 public:
  // The headers must outlive it.
  Identification(const Sessions& sessions, std::span<const std::string_view> authorizations);

  // Whom to look up; empty when all are refused already.
  const std::set<UserId>& users() const { return users_; }
  // Each in its place.
  std::vector<Identity> identities(const Users& found) const;

 private:
  using Token = std::variant<Sessions::Claims, Error>;
  static Token verify(const Sessions& sessions, std::string_view authorization);
  static Identity identity_of(const Token& token, const Users& found);

  std::vector<std::string_view> authorizations_;
  std::map<std::string_view, Token> tokens_;
  std::set<UserId> users_;
};

}  // namespace inpaint::accounts
