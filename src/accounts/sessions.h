#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "accounts/jwt.h"
#include "accounts/user.h"

namespace inpaint::accounts {

// The token a client sends as "Authorization: Bearer …". It names the user and the password that was in
// force; it holds no rights, because those are read with the user's row at every request.
class Sessions {
 public:
  Sessions(std::string_view secret, std::chrono::seconds lifetime);

  std::string issue(const User& user) const;

  struct Claims {
    UserId user;
    Timestamp password_changed_at;
  };
  // The claims of the token in an Authorization header. Throws kUnauthenticated.
  Claims verify(std::string_view authorization) const;

 private:
  Jwt jwt_;
  std::chrono::seconds lifetime_;
};

}  // namespace inpaint::accounts
