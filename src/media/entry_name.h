#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace inpaint::media {

// The name of an archive's entry as UTF-8. Bytes that are not UTF-8 are code page 437, by the ZIP
// specification (APPNOTE 6.3.10, appendix D).
std::string entry_name(std::string_view bytes);

// Windows separates by backslashes; steps "." and empty ones mean nothing.
std::string plain_path(std::string_view name);

// Why a plain path must not be followed, as a sentence; nothing when it may.
std::optional<std::string> path_problem(std::string_view name);

}  // namespace inpaint::media
