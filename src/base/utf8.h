#pragma once

#include <string_view>

namespace inpaint {

bool is_utf8(std::string_view text);

}  // namespace inpaint
