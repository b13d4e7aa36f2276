#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "accounts/identification.h"
#include "accounts/user.h"
#include "database/database.h"
#include "database/inquiry.h"

// The SQL of users, and nothing else.
namespace inpaint::accounts::repository {

using database::Session;

// With a balance of 0: the ledger opens the account. Throws kConflict UNIQUE_VIOLATION (through
// Database::transaction) for an e-mail that is there.
void insert(Session& sql, const User& user, const std::string& password_hash);
std::optional<User> find(Session& sql, const UserId& id);
// Those that there are.
Users find(Session& sql, const std::set<UserId>& ids);
// The same for a thread that must not block: what a database::Inquiry is opened with, asked and answers.
std::string inquiry_query();
std::string inquiry_value(const std::set<UserId>& ids);
Users users_of(const std::vector<database::Inquiry::Row>& rows);
// And keeps it as it is, but for this transaction, until the transaction ends.
std::optional<User> find_and_lock(Session& sql, const UserId& id);
std::optional<User> find_by_email(Session& sql, const std::string& email);
// Empty when there is no such user.
std::string password_hash(Session& sql, const UserId& id);
// The highest cost of a stored hash; 0 when there is none. Reads the whole table.
int highest_cost(Session& sql);
// The same password, hashed anew; unless it was changed meanwhile. Sessions go on.
void replace_hash(Session& sql, const UserId& id, const std::string& old_hash, const std::string& new_hash);
// Everything but tokens and role; the password only when a hash is given.
void update(Session& sql, const User& user, const std::optional<std::string>& password_hash);
// Keeps the e-mail, by which the ledger's rows are still found.
void remove(Session& sql, const User& user);
std::int64_t count_administrators(Session& sql);
// The same, and keeps them as find_and_lock does.
std::int64_t count_and_lock_administrators(Session& sql);

}  // namespace inpaint::accounts::repository
