#pragma once

#include <string>
#include <string_view>

namespace inpaint {

// All but ASCII letters, digits and -._~ as %XX (RFC 3986, section 2).
std::string percent_encode(std::string_view text);

}  // namespace inpaint
