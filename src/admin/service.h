// admin/ is what only an administrator may ask: to see a user's balance and to recharge it. It uses
// accounts/, credits/, http/, database/ and base/.
#pragma once

#include <string>
#include <vector>

#include "accounts/service.h"
#include "accounts/user.h"
#include "credits/ledger.h"
#include "database/database.h"

namespace inpaint::admin {

// Thread-safe. Every function throws kNotFound for an unknown e-mail.
class Service {
 public:
  Service(accounts::Service& accounts, database::Database& database)
      : accounts_(accounts), database_(database) {}

  struct Account {
    accounts::User user;
    std::vector<credits::Entry> entries;  // the newest
  };
  Account account(const std::string& email);

  // Adds 0 < amount ≤ kLargestRecharge to a balance. Throws kInvalid BALANCE_LIMIT.
  Credits recharge(const accounts::User& administrator, const std::string& email, Credits amount);

 private:
  accounts::Service& accounts_;
  database::Database& database_;
};

}  // namespace inpaint::admin
