#include "accounts/repository.h"

#include "base/error.h"
#include "database/query.h"

namespace inpaint::accounts::repository {
namespace {

using database::first_of;
using database::select;

constexpr const char* role_name(Role role) {
  return role == Role::kAdministrator ? "admin" : "user";
}

constexpr auto kSelectUser =
    "SELECT id, name, surname, email, tokens, role, created_at, password_changed_at FROM users ";

struct UserRow {
  std::string id, name, surname, email, role;
  long long tokens = 0, created_at = 0, password_changed_at = 0;

  void bind(soci::statement& statement) {
    for (std::string* text : {&id, &name, &surname, &email}) statement.exchange(soci::into(*text));
    statement.exchange(soci::into(tokens));
    statement.exchange(soci::into(role));
    for (long long* time : {&created_at, &password_changed_at}) statement.exchange(soci::into(*time));
  }
  User value() const {
    const std::optional<UserId> user_id = UserId::parse(id);
    if (!user_id) throw internal("a user's id is damaged in the database");
    return {*user_id,
            name,
            surname,
            email,
            Credits{tokens},
            role == "admin" ? Role::kAdministrator : Role::kUser,
            Timestamp{created_at},
            Timestamp{password_changed_at}};
  }
};

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
  return first_of(select<UserRow>(sql, std::string(kSelectUser) + "WHERE id = :id", id.to_string()));
}

std::optional<User> find_by_email(Session& sql, const std::string& email) {
  return first_of(select<UserRow>(sql, std::string(kSelectUser) + "WHERE email = :email", email));
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
