#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "base/error.h"

// What both databases answer alike, whatever their drivers say.
namespace inpaint::database {

inline constexpr std::string_view kUniqueViolation = "UNIQUE_VIOLATION";
inline constexpr std::string_view kCommitUnknown = "COMMIT_UNKNOWN";

Error database_busy();
Error unique_violation();
// The database's own sentence, without the statement and the bound values that SOCI adds.
std::string sentence_of(const std::exception& error);
// kInternal, with that sentence.
Error unexpected(const std::exception& error);

}  // namespace inpaint::database
