#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inpaint::datasets {

inline constexpr std::size_t kMaximumName = 255;  // characters
inline constexpr std::size_t kMaximumTags = 20;
inline constexpr std::size_t kMaximumTag = 50;  // characters

// What is wrong with a trimmed, valid UTF-8 name of at most kMaximumName characters, or nothing. A name
// stands in URLs in the place of an id, so it must not look like one, nor be a step of a path.
std::optional<std::string> name_problem(std::string_view name);

}  // namespace inpaint::datasets
