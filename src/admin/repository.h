#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/credits.h"
#include "base/time.h"
#include "credits/ledger.h"
#include "database/database.h"
#include "database/window.h"

// The SQL of what administrators see across all users, and nothing else. It only reads.
namespace inpaint::admin::repository {

using database::Session;

struct TransactionFilter {
  std::optional<std::vector<std::string>> users;  // ids; not empty
  std::optional<std::string> type;
  std::optional<std::string> status;
  std::optional<Timestamp> from;    // made at this moment or later
  std::optional<Timestamp> before;  // made earlier than this
};

// The ids of all accounts that have or had the e-mail.
std::vector<std::string> find_users(Session& sql, const std::string& email);

// What the rows of one type and status add up to.
struct Total {
  std::string type;
  std::string status;
  std::int64_t count = 0;
  Credits amount;
};
// Without users and times in the filter this costs the same however many rows there are.
std::vector<Total> totals(Session& sql, const TransactionFilter& filter);

struct Transaction {
  credits::Entry entry;
  std::optional<std::string> email;  // also of an account that is deleted
};
// Newest first.
std::vector<Transaction> transactions(Session& sql, const TransactionFilter& filter,
                                      const database::Window& window);

}  // namespace inpaint::admin::repository
