// admin/ is what only an administrator may ask: to see every user's balance, ledger and datasets, to
// recharge, to look at queue and workers, to change the log level; what changes something is written into the
// audit. It uses inferences/, datasets/, accounts/, credits/, http/, queue/, database/ and base/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/audit.h"
#include "accounts/service.h"
#include "accounts/user.h"
#include "admin/repository.h"
#include "base/log.h"
#include "credits/ledger.h"
#include "database/database.h"
#include "datasets/repository.h"

namespace inpaint::admin {

// Thread-safe.
class Service {
 public:
  Service(accounts::Service& accounts, database::Database& database)
      : accounts_(accounts), database_(database) {}

  struct Account {
    accounts::User user;
    std::vector<credits::Entry> entries;  // the newest
  };
  // Throws kNotFound for an unknown e-mail.
  Account account(const std::string& email);

  // Adds 0 < amount ≤ kLargestRecharge to a balance. Throws kNotFound for an unknown e-mail, kInvalid
  // BALANCE_LIMIT.
  Credits recharge(const accounts::User& administrator, const std::string& email, Credits amount);

  struct Statement {
    std::vector<repository::Transaction> transactions;  // of the page, newest first
    std::vector<repository::Total> totals;              // of all that the filter lets through
    std::int64_t total = 0;
  };
  // `email`: of the one user to see; an unknown one has no transactions.
  Statement transactions(repository::TransactionFilter filter, const std::optional<std::string>& email,
                         std::int64_t limit, std::int64_t offset);

  struct Overview {
    std::vector<datasets::repository::Owned> rows;  // newest first
    std::int64_t total = 0;
  };
  Overview all_datasets(const datasets::repository::OverviewFilter& filter, std::int64_t limit,
                        std::int64_t offset);

  struct AuditPage {
    std::vector<accounts::audit::Entry> entries;  // newest first
    std::int64_t total = 0;
  };
  AuditPage audit(std::int64_t limit, std::int64_t offset);

  // Of this process, until it ends or reads its level again.
  void set_log_level(const accounts::User& administrator, log::Level level);

 private:
  accounts::Service& accounts_;
  database::Database& database_;
};

}  // namespace inpaint::admin
