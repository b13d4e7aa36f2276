#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/utf8.h"

namespace inpaint::http {

// Without blanks (space, tab, line breaks) at both ends.
std::string_view trim(std::string_view text);
// Of ASCII letters; others stay.
std::string lower_case(std::string_view text);

// Whether nothing of valid UTF-8 can be seen: spaces of every script, and characters without a form.
bool is_blank(std::string_view text);

// Of valid UTF-8, in code points.
std::size_t count_characters(std::string_view text);

// Of "%41" and the like; nothing unless the result is well-formed UTF-8 without NUL. A plus stands for a
// space in queries only.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace inpaint::http
