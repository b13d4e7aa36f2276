#include "accounts/service.h"

#include <algorithm>
#include <chrono>

#include "accounts/audit.h"
#include "accounts/password.h"
#include "accounts/repository.h"
#include "accounts/rules.h"
#include "base/error.h"
#include "base/log.h"
#include "credits/ledger.h"

namespace inpaint::accounts {
namespace {

using database::Session;

constexpr std::chrono::seconds kPreparationPatience{3};  // of a request
constexpr std::chrono::milliseconds kPreparationPause{500};

Error duplicate_email() {
  return invalid("DUPLICATE_EMAIL", "This e-mail address is already registered.",
                 {{"email", "is already registered"}});
}

User insert_user(Session& sql, const Registration& registration, const std::string& hash) {
  const Timestamp now = Timestamp::now();
  User user{UserId::make(),
            registration.name,
            registration.surname,
            lower_case(registration.email),
            Credits{},
            registration.role,
            now,
            now};
  repository::insert(sql, user, hash);
  user.tokens = credits::open_account(sql, user.id);
  return user;
}

void check_may_change(const User& caller, const UserId& target) {
  if (caller.id == target || is_administrator(caller)) return;
  throw Error(ErrorKind::kForbidden, "FORBIDDEN", "This account belongs to somebody else.");
}

// Which fields were changed, without what they hold.
http::Json names_of(const Changes& changes) {
  http::Json names = http::Json::array();
  if (changes.name) names.push_back("name");
  if (changes.surname) names.push_back("surname");
  if (changes.email) names.push_back("email");
  if (changes.password) names.push_back("password");
  return {{"fields", names}};
}

bool needs_administrator(Session& sql, const Registration& registration) {
  if (repository::count_administrators(sql) > 0) return false;
  const std::optional<User> owner = repository::find_by_email(sql, lower_case(registration.email));
  if (!owner) return true;
  if (is_administrator(*owner)) return false;  // another process was quicker, between the two questions
  throw conflict("ADMIN_EMAIL_TAKEN", "There is no administrator yet, and ADMIN_EMAIL, \"" +
                                          registration.email +
                                          "\", is the address of a user who is none. Choose another.");
}

User found_or_throw(std::optional<User> user) {
  if (!user) throw not_found("There is no such user.");
  return *std::move(user);
}

// Later than before even within one millisecond, so that every older session ends.
Timestamp time_of_new_password(const User& user) {
  return std::max(Timestamp::now(), Timestamp{user.password_changed_at.unix_ms + 1});
}

}  // namespace

void reset_password(database::Database& database, const std::string& email, const std::string& password,
                    int bcrypt_cost) {
  const std::string hash = hash_password(password, bcrypt_cost);
  database.transaction([&](Session& sql) {
    const User found = found_or_throw(repository::find_by_email(sql, lower_case(email)));
    User user = found_or_throw(repository::find_and_lock(sql, found.id));
    user.password_changed_at = time_of_new_password(user);
    repository::update(sql, user, hash);
    audit::record(sql, user, "user.password", &user, {{"by", "command"}});
  });
}

Service::Service(database::Database& database, Sessions sessions, int bcrypt_cost, BeforeDelete before_delete)
    : database_(database),
      sessions_(std::move(sessions)),
      bcrypt_cost_(bcrypt_cost),
      before_delete_(std::move(before_delete)) {}

User Service::register_user(const Registration& registration) {
  wait_until_prepared();
  const std::string hash = hash_password(registration.password, bcrypt_cost_);
  try {
    User user = database_.transaction([&](Session& sql) { return insert_user(sql, registration, hash); });
    log::annotate("user", user.id.to_string());
    log::info("users", "registered", {{"user", user.id.to_string()}});
    return user;
  } catch (const Error& error) {
    if (database::is_unique_violation(error)) throw duplicate_email();
    throw;
  }
}

Login Service::log_in(const std::string& email, const std::string& password,
                      const std::string& remote_address) {
  wait_until_prepared();
  const std::string address = lower_case(email);
  LoginThrottle::Attempt attempt = throttle_.begin(address, remote_address);
  const int cost = cost_of_refusal();
  struct Found {
    std::optional<User> user;
    std::string hash;
  };
  const Found found = database_.read([&](Session& sql) {
    std::optional<User> user = repository::find_by_email(sql, address);
    std::string hash = user ? repository::password_hash(sql, user->id) : unmatchable_hash(cost);
    return Found{std::move(user), std::move(hash)};
  });
  if (!matches(password, found.hash) || !found.user) {
    spend_difference(password, cost_of(found.hash), cost);
    attempt.failed();
    log::info("users", "login refused", {{"address", remote_address}});
    throw Error(ErrorKind::kUnauthenticated, "BAD_CREDENTIALS", "The e-mail or the password is wrong.");
  }
  attempt.succeeded();
  if (cost_of(found.hash) != bcrypt_cost_) {
    const std::string hash = hash_password(password, bcrypt_cost_);
    database_.transaction(
        [&](Session& sql) { repository::replace_hash(sql, found.user->id, found.hash, hash); });
  }
  log::annotate("user", found.user->id.to_string());
  log::info("users", "logged in", {{"user", found.user->id.to_string()}});
  return {sessions_.issue(*found.user), *found.user};
}

// Read once: from then on, hashes get today's cost only.
int Service::cost_of_refusal() {
  if (cost_of_refusal_ == 0) {
    cost_of_refusal_ = std::max(bcrypt_cost_, database_.read(repository::highest_cost));
  }
  return cost_of_refusal_;
}

std::shared_ptr<const User> Service::authenticate(std::string_view authorization) {
  const Identity caller = authenticate(std::vector{authorization}).front();
  if (const auto* refusal = std::get_if<Error>(&caller)) throw Error(*refusal);
  auto user = std::get<std::shared_ptr<const User>>(caller);
  log::annotate("user", user->id.to_string());
  return user;
}

std::vector<Identity> Service::authenticate(const std::vector<std::string_view>& authorizations) {
  const Identification identification = identify(authorizations);
  const std::set<UserId>& ids = identification.users();
  if (ids.empty()) return identification.identities({});
  return identification.identities(database_.read([&](Session& sql) { return repository::find(sql, ids); }));
}

Identification Service::identify(const std::vector<std::string_view>& authorizations) const {
  return {sessions_, authorizations};
}

User Service::update(const User& caller, const UserId& target, const Changes& changes) {
  check_may_change(caller, target);
  if (changes.email) wait_until_prepared();
  std::optional<std::string> hash;
  if (changes.password) hash = hash_password(*changes.password, bcrypt_cost_);
  try {
    User updated = database_.transaction([&](Session& sql) {
      const User before = found_or_throw(repository::find_and_lock(sql, target));
      User user = before;
      if (changes.name) user.name = *changes.name;
      if (changes.surname) user.surname = *changes.surname;
      if (changes.email) user.email = lower_case(*changes.email);
      if (hash) user.password_changed_at = time_of_new_password(user);
      repository::update(sql, user, hash);
      if (is_administrator(caller)) audit::record(sql, caller, "user.update", &before, names_of(changes));
      return user;
    });
    log::info("users", "updated", {{"account", target.to_string()}, {"user", caller.id.to_string()}});
    return updated;
  } catch (const Error& error) {
    if (database::is_unique_violation(error)) throw duplicate_email();
    throw;
  }
}

void Service::remove(const User& caller, const UserId& target) {
  check_may_change(caller, target);
  database_.transaction([&](Session& sql) {
    const User user = found_or_throw(repository::find(sql, target));
    if (is_administrator(user) && repository::count_and_lock_administrators(sql) == 1) {
      throw conflict("LAST_ADMINISTRATOR", "The last administrator can't be deleted.");
    }
    found_or_throw(repository::find_and_lock(sql, target));
    before_delete_(sql, target);
    repository::remove(sql, user);
    if (is_administrator(caller)) audit::record(sql, caller, "user.delete", &user, {});
  });
  log::info("users", "deleted", {{"account", target.to_string()}, {"user", caller.id.to_string()}});
}

User Service::find_by_email(const std::string& email) {
  std::optional<User> user =
      database_.read([&](Session& sql) { return repository::find_by_email(sql, lower_case(email)); });
  if (!user) throw not_found("There is no user with this e-mail address.");
  return *std::move(user);
}

void Service::prepare_administrator(Registration registration,
                                    std::function<void(const Registration&)> made) {
  if (!database_.read([&](Session& sql) { return needs_administrator(sql, registration); })) return;
  is_prepared_ = false;
  preparation_ = std::jthread([this, registration = std::move(registration), made = std::move(made)](
                                  const std::stop_token& stop) { prepare(stop, registration, made); });
}

void Service::prepare(const std::stop_token& stop, const Registration& registration,
                      const std::function<void(const Registration&)>& made) {
  while (!stop.stop_requested()) {
    try {
      if (ensure_administrator(registration)) made(registration);
      const std::lock_guard lock(mutex_);
      is_prepared_ = true;
      prepared_.notify_all();
      return;
    } catch (const std::exception& error) {
      log::warn("users", "the first administrator is not made yet", {{"reason", error.what()}});
    }
    std::unique_lock lock(mutex_);
    prepared_.wait_for(lock, stop, kPreparationPause, [] { return false; });
  }
}

void Service::wait_until_prepared() {
  std::unique_lock lock(mutex_);
  if (prepared_.wait_for(lock, kPreparationPatience, [this] { return is_prepared_; })) return;
  throw Error(ErrorKind::kUnavailable, "STARTING", "The service is still starting. Try again in a moment.");
}

bool Service::ensure_administrator(const Registration& registration) {
  const auto needs_one = [&](Session& sql) { return needs_administrator(sql, registration); };
  if (!database_.read(needs_one)) return false;
  const std::string hash = hash_password(registration.password, bcrypt_cost_);
  try {
    return database_.transaction([&](Session& sql) {
      if (!needs_one(sql)) return false;  // another process was quicker
      insert_user(sql, registration, hash);
      return true;
    });
  } catch (const Error& error) {
    // Or it was quicker by less than that.
    if (database::is_unique_violation(error) && !database_.read(needs_one)) return false;
    throw;
  }
}

}  // namespace inpaint::accounts
