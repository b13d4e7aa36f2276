#pragma once

#include <string_view>

namespace inpaint::storage {

// Whether it is 1 to 512 characters: segments of [A-Za-z0-9._-] that do not begin with a dot, with '/'
// between them. No such key leads out of a directory or names a hidden file.
bool is_key(std::string_view key);

// Throws kInvalid BAD_STORAGE_KEY unless it is one.
void check_key(std::string_view key);

}  // namespace inpaint::storage
