// accounts/ knows who is calling: users, passwords, sessions, roles, signed links. It uses credits/ (the
// gift of a new account), http/, storage/ (what links lead to), database/ and base/.
#pragma once

#include <string>

#include "base/credits.h"
#include "base/time.h"
#include "base/uuid.h"

namespace inpaint::accounts {

enum class Role { kUser, kAdministrator };

struct User {
  UserId id;
  std::string name;
  std::string surname;
  std::string email;  // trimmed and lower-case
  Credits tokens;
  Role role = Role::kUser;
  Timestamp created_at;
  Timestamp password_changed_at;  // sessions that began before it are over
};

inline bool is_administrator(const User& user) {
  return user.role == Role::kAdministrator;
}

}  // namespace inpaint::accounts
