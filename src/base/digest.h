#pragma once

#include <string>
#include <string_view>

namespace inpaint {

// 32 bytes each. Throw kInternal.
std::string sha256(std::string_view text);
std::string hmac_sha256(std::string_view key, std::string_view text);

// Two lower-case digits for each byte.
std::string hex(std::string_view bytes);

}  // namespace inpaint
