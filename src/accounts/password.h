#pragma once

#include <string>
#include <string_view>

namespace inpaint::accounts {

// bcrypt ($2b$, Provos & Mazières 1999). `cost`: 4–31, the binary logarithm of the rounds; 12 takes about a
// quarter of a second. `password` holds at most 72 bytes and no NUL.
std::string hash_password(const std::string& password, int cost);

// False for a wrong password, for one that hash_password() does not take (after the same work), and for a
// hash that is none.
bool matches(const std::string& password, const std::string& hash);

// A hash that no password matches and that takes as long to compare as a real one.
std::string unmatchable_hash(int cost);

// That of a hash; 0 for a text that is none.
int cost_of(std::string_view hash);

// Works for as long as hashing with cost `to` takes longer than with cost `from`.
void spend_difference(const std::string& password, int from, int to);

// A random password of `length` letters and digits that are not mistaken for one another.
std::string make_password(std::size_t length);

}  // namespace inpaint::accounts
