#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace inpaint::accounts {

inline constexpr std::size_t kMaximumName = 100;          // characters
inline constexpr std::size_t kMaximumEmail = 255;         // characters
inline constexpr std::size_t kMinimumPassword = 8;        // characters
inline constexpr std::size_t kMaximumPasswordBytes = 72;  // bcrypt ignores what follows

// Each says what is wrong with a text that is already trimmed valid UTF-8, or nothing when it is fine.
// A name: letters of any script with their marks, spaces, hyphens, apostrophes; at least one letter.
std::optional<std::string> name_problem(std::string_view name);
// An address as RFC 5321 writes them in ASCII: one @, a local part, a domain with a dot or "localhost".
std::optional<std::string> email_problem(std::string_view email);
std::optional<std::string> password_problem(std::string_view password);

std::string lower_case(std::string_view email);

}  // namespace inpaint::accounts
