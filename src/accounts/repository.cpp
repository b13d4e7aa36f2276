#include "accounts/repository.h"

#include <soci/soci.h>

namespace inpaint::accounts::repository {
namespace {

constexpr const char* role_name(Role role) {
  return role == Role::kAdministrator ? "admin" : "user";
}

std::optional<User> find_where(Session& sql, const char* condition, const std::string& value) {
  std::string id;
  std::string role;
  User user{UserId::make(), {}, {}, {}, {}, Role::kUser, {}, {}};
  long long tokens = 0;
  long long created_at = 0;
  long long password_changed_at = 0;
  sql << "SELECT id, name, surname, email, tokens, role, created_at, password_changed_at FROM users WHERE "
      << condition,
      soci::use(value), soci::into(id), soci::into(user.name), soci::into(user.surname),
      soci::into(user.email), soci::into(tokens), soci::into(role), soci::into(created_at),
      soci::into(password_changed_at);
  if (!sql.got_data()) return std::nullopt;
  user.id = *UserId::parse(id);
  user.tokens = Credits{tokens};
  user.role = role == "admin" ? Role::kAdministrator : Role::kUser;
  user.created_at = Timestamp{created_at};
  user.password_changed_at = Timestamp{password_changed_at};
  return user;
}

}  // namespace

void insert(Session& sql, const User& user, const std::string& password_hash) {
  const std::string role = role_name(user.role);
  const long long created_at = user.created_at.unix_ms;
  const long long password_changed_at = user.password_changed_at.unix_ms;
  sql << "INSERT INTO users(id, name, surname, email, password, role, password_changed_at, created_at, "
         "updated_at) VALUES (:id, :name, :surname, :email, :password, :role, :changed, :created, :updated)",
      soci::use(user.id.to_string()), soci::use(user.name), soci::use(user.surname), soci::use(user.email),
      soci::use(password_hash), soci::use(role), soci::use(password_changed_at), soci::use(created_at),
      soci::use(created_at);
}

std::optional<User> find(Session& sql, const UserId& id) {
  return find_where(sql, "id = :id", id.to_string());
}

std::optional<User> find_by_email(Session& sql, const std::string& email) {
  return find_where(sql, "email = :email", email);
}

std::string password_hash(Session& sql, const UserId& id) {
  std::string hash;
  sql << "SELECT password FROM users WHERE id = :id", soci::use(id.to_string()), soci::into(hash);
  return hash;
}

void update(Session& sql, const User& user, const std::optional<std::string>& password_hash) {
  const long long now = Timestamp::now().unix_ms;
  sql << "UPDATE users SET name = :name, surname = :surname, email = :email, updated_at = :now WHERE id = "
         ":id",
      soci::use(user.name), soci::use(user.surname), soci::use(user.email), soci::use(now),
      soci::use(user.id.to_string());
  if (!password_hash) return;
  const long long changed_at = user.password_changed_at.unix_ms;
  sql << "UPDATE users SET password = :password, password_changed_at = :changed WHERE id = :id",
      soci::use(*password_hash), soci::use(changed_at), soci::use(user.id.to_string());
}

void remove(Session& sql, const UserId& id) {
  sql << "DELETE FROM users WHERE id = :id", soci::use(id.to_string());
}

std::int64_t count_administrators(Session& sql) {
  long long count = 0;
  sql << "SELECT COUNT(*) FROM users WHERE role = 'admin'", soci::into(count);
  return count;
}

}  // namespace inpaint::accounts::repository
