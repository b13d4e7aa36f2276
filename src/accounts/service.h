#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "accounts/identification.h"
#include "accounts/login_throttle.h"
#include "accounts/sessions.h"
#include "accounts/user.h"
#include "database/database.h"

namespace inpaint::accounts {

// Texts are trimmed and keep the rules of rules.h; e-mails may be in any case.
struct Registration {
  std::string name;
  std::string surname;
  std::string email;
  std::string password;
  Role role = Role::kUser;
};

struct Changes {
  std::optional<std::string> name;
  std::optional<std::string> surname;
  std::optional<std::string> email;
  std::optional<std::string> password;
};

struct Login {
  std::string token;
  User user;
};

// Gives a user a new password, in the name of who may work on the data itself and need not log in. Every
// session of the user is over. Throws kNotFound.
void reset_password(database::Database& database, const std::string& email, const std::string& password,
                    int bcrypt_cost);

// The rules of accounts. Thread-safe.
class Service {
 public:
  // Called in the transaction that deletes a user, before its row goes: ends what the user has running.
  using BeforeDelete = std::function<void(database::Session&, const UserId&)>;

  Service(database::Database& database, Sessions sessions, int bcrypt_cost, BeforeDelete before_delete);

  // Throws kInvalid DUPLICATE_EMAIL.
  User register_user(const Registration& registration);

  // Throws kUnauthenticated BAD_CREDENTIALS, after the same work for an unknown e-mail as for a wrong
  // password, whatever cost it was hashed with; kTooManyRequests TOO_MANY_LOGINS. Brings the hash to today's
  // cost.
  Login log_in(const std::string& email, const std::string& password, const std::string& remote_address);

  // The caller behind an Authorization header, as its row says now. Throws kUnauthenticated.
  std::shared_ptr<const User> authenticate(std::string_view authorization);
  // The same for many at once, each in its place. The database is asked about all together.
  std::vector<Identity> authenticate(const std::vector<std::string_view>& authorizations);
  // The part of it that asks nobody. The headers must outlive it.
  Identification identify(const std::vector<std::string_view>& authorizations) const;

  // Throws kForbidden for another's account unless the caller is an administrator; kNotFound;
  // kInvalid DUPLICATE_EMAIL.
  User update(const User& caller, const UserId& target, const Changes& changes);

  // Throws as update does; kConflict LAST_ADMINISTRATOR.
  void remove(const User& caller, const UserId& target);

  // Throws kNotFound.
  User find_by_email(const std::string& email);

  // Makes the first administrator unless there is one. That is done in the background because hashing takes
  // a quarter of a second, and again until it succeeds. Whatever could take the e-mail meanwhile, and logins,
  // wait for it: a few seconds, then kUnavailable STARTING. `made` is called, there, when there was none.
  // Call before the server starts. Throws kConflict ADMIN_EMAIL_TAKEN as below.
  void prepare_administrator(Registration registration, std::function<void(const Registration&)> made);

  // Makes the first administrator unless there is one: true when it did. Throws kConflict ADMIN_EMAIL_TAKEN
  // when there is none and the e-mail is that of a user.
  bool ensure_administrator(const Registration& registration);

 private:
  // Until it is done or should stop.
  void prepare(const std::stop_token& stop, const Registration& registration,
               const std::function<void(const Registration&)>& made);
  void wait_until_prepared();
  // Of the logins that fail: the highest that an account may need.
  int cost_of_refusal();

  database::Database& database_;
  Sessions sessions_;
  int bcrypt_cost_;
  BeforeDelete before_delete_;
  LoginThrottle throttle_;
  std::atomic<int> cost_of_refusal_ = 0;  // 0: not known yet
  std::mutex mutex_;
  std::condition_variable_any prepared_;
  bool is_prepared_ = true;
  std::jthread preparation_;  // the last member, so that it ends before what it uses
};

}  // namespace inpaint::accounts
