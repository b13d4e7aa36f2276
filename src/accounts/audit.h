#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "database/database.h"
#include "database/window.h"
#include "http/json.h"

// What administrators did: who, what, to whom, when. Rows are only ever added, in the transaction that does
// what they tell, and outlive every account.
namespace inpaint::accounts::audit {

using database::Session;

// `action`: like "user.update". `subject`: whose account it was about, if any. `details`: never a password,
// a token or a link.
void record(Session& sql, const User& actor, std::string_view action, const User* subject,
            const http::Json& details);

struct Person {
  std::string id;
  std::string email;  // as it was then
};

struct Entry {
  std::int64_t sequence = 0;
  Person actor;
  std::string action;
  std::optional<Person> subject;
  http::Json details;
  Timestamp created_at;
};

std::int64_t count(Session& sql);
// Newest first.
std::vector<Entry> list(Session& sql, const database::Window& window);

}  // namespace inpaint::accounts::audit
