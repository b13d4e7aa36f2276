#pragma once

#include <filesystem>
#include <string>

namespace inpaint::cli {

// The secret in the file, which is made (256 random bits, readable by its owner only) when it is missing.
// Processes that do so at once end up with the same one. Throws kUnavailable.
std::string load_or_make_secret(const std::filesystem::path& file);

}  // namespace inpaint::cli
