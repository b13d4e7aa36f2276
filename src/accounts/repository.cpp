#include "accounts/repository.h"

#include <algorithm>
#include <bit>
#include <span>

#include "accounts/password.h"
#include "base/error.h"
#include "database/dialect.h"
#include "database/query.h"

namespace inpaint::accounts::repository {
namespace {

using database::change;
using database::Conditions;
using database::first_of;
using database::NumberRow;
using database::select;

constexpr const char* role_name(Role role) {
  return role == Role::kAdministrator ? "admin" : "user";
}

constexpr auto kSelectUser =
    "SELECT id, name, surname, email, hundredths(tokens), role, epoch_ms(created_at), "
    "epoch_ms(password_changed_at) FROM users ";

// Users that are found by one statement. For a longer list PostgreSQL thinks it worth planning anew each
// time.
constexpr std::size_t kTogether = 8;

struct UserRow {
  std::string id, name, surname, email, role;
  long long tokens = 0, created_at = 0, password_changed_at = 0;

  // In the order of kSelectUser's columns.
  static UserRow of(const database::Inquiry::Row& row) {
    return {.id = row.at(0),
            .name = row.at(1),
            .surname = row.at(2),
            .email = row.at(3),
            .role = row.at(5),
            .tokens = std::stoll(row.at(4)),
            .created_at = std::stoll(row.at(6)),
            .password_changed_at = std::stoll(row.at(7))};
  }
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

// Lists are filled up to a few lengths, so that their statements stay prepared.
Conditions is_one_of(std::span<const UserId> ids) {
  std::string condition = "id IN (";
  std::vector<Conditions::Value> values;
  for (std::size_t place = 0; place < std::bit_ceil(ids.size()); ++place) {
    condition += (place == 0 ? ":id" : ", :id") + std::to_string(place);
    values.emplace_back(ids[std::min(place, ids.size() - 1)].to_string());
  }
  Conditions conditions;
  conditions.add(condition + ")", values);
  return conditions;
}

}  // namespace

void insert(Session& sql, const User& user, const std::string& password_hash) {
  const long long created_at = user.created_at.unix_ms;
  const long long password_changed_at = user.password_changed_at.unix_ms;
  change(sql,
         "INSERT INTO users(id, name, surname, email, password, role, password_changed_at, created_at, "
         "updated_at) VALUES (:id, :name, :surname, :email, :password, :role, time_of(:changed), "
         "time_of(:created), time_of(:updated))",
         user.id.to_string(), user.name, user.surname, user.email, password_hash,
         std::string(role_name(user.role)), password_changed_at, created_at, created_at);
}

std::optional<User> find(Session& sql, const UserId& id) {
  static const std::string query = std::string(kSelectUser) + "WHERE id = :id";  // at every request
  return first_of(select<UserRow>(sql, query, id.to_string()));
}

Users find(Session& sql, const std::set<UserId>& ids) {
  const std::vector<UserId> all(ids.begin(), ids.end());
  Users found;
  for (std::size_t begin = 0; begin < all.size(); begin += kTogether) {
    const auto some = std::span(all).subspan(begin, std::min(kTogether, all.size() - begin));
    const Conditions conditions = is_one_of(some);
    for (User& user : select<UserRow>(sql, kSelectUser + conditions.where(), conditions)) {
      auto shared = std::make_shared<const User>(std::move(user));
      found.emplace(shared->id, shared);
    }
  }
  return found;
}

// Asked of PostgreSQL alone, and so it may be its own SQL: SQLite has no arrays.
std::string inquiry_query() {
  return std::string(kSelectUser) + "WHERE id = ANY($1)";
}

std::string inquiry_value(const std::set<UserId>& ids) {
  std::string array = "{";
  for (const UserId& id : ids) array += (array.size() > 1 ? "," : "") + id.to_string();
  return array + "}";
}

Users users_of(const std::vector<database::Inquiry::Row>& rows) {
  Users users;
  for (const database::Inquiry::Row& row : rows) {
    const auto user = std::make_shared<const User>(UserRow::of(row).value());
    users.emplace(user->id, user);
  }
  return users;
}

std::optional<User> find_and_lock(Session& sql, const UserId& id) {
  return first_of(select<UserRow>(
      sql, std::string(kSelectUser) + "WHERE id = :id" + database::for_update(sql), id.to_string()));
}

std::optional<User> find_by_email(Session& sql, const std::string& email) {
  return first_of(select<UserRow>(sql, std::string(kSelectUser) + "WHERE email = :email", email));
}

std::string password_hash(Session& sql, const UserId& id) {
  std::string hash;
  sql << "SELECT password FROM users WHERE id = :id", soci::use(id.to_string()), soci::into(hash);
  return hash;
}

int highest_cost(Session& sql) {
  std::string highest;
  sql << "SELECT COALESCE(MAX(SUBSTR(password, 1, 7)), '') FROM users WHERE password LIKE '$2b$__$%'",
      soci::into(highest);
  return cost_of(highest);
}

void replace_hash(Session& sql, const UserId& id, const std::string& old_hash, const std::string& new_hash) {
  change(sql, "UPDATE users SET password = :new WHERE id = :id AND password = :old", new_hash, id.to_string(),
         old_hash);
}

void update(Session& sql, const User& user, const std::optional<std::string>& password_hash) {
  const long long now = Timestamp::now().unix_ms;
  change(sql,
         "UPDATE users SET name = :name, surname = :surname, email = :email, updated_at = time_of(:now) "
         "WHERE id = :id",
         user.name, user.surname, user.email, now, user.id.to_string());
  if (!password_hash) return;
  const long long changed_at = user.password_changed_at.unix_ms;
  change(sql, "UPDATE users SET password = :password, password_changed_at = time_of(:changed) WHERE id = :id",
         *password_hash, changed_at, user.id.to_string());
}

void remove(Session& sql, const User& user) {
  const long long now = Timestamp::now().unix_ms;
  change(sql, "INSERT INTO deleted_users(id, email, deleted_at) VALUES (:id, :email, time_of(:now))",
         user.id.to_string(), user.email, now);
  change(sql, "DELETE FROM users WHERE id = :id", user.id.to_string());
}

std::int64_t count_administrators(Session& sql) {
  return select<NumberRow>(sql, "SELECT COUNT(*) FROM users WHERE role = 'admin'").front();
}

std::int64_t count_and_lock_administrators(Session& sql) {
  const std::string all = std::string(kSelectUser) + "WHERE role = 'admin' ORDER BY id";
  return static_cast<std::int64_t>(select<UserRow>(sql, all + database::for_update(sql)).size());
}

}  // namespace inpaint::accounts::repository
