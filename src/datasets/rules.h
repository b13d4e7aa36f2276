#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/sampling_rate.h"

namespace inpaint::datasets {

inline constexpr std::size_t kMaximumName = 255;  // characters
inline constexpr std::size_t kMaximumTags = 20;
inline constexpr std::size_t kMaximumTag = 50;  // characters

// What is wrong with a trimmed, valid UTF-8 name of at most kMaximumName characters, or nothing. A name
// stands in URLs in the place of an id, so it must not look like one, nor be a step of a path.
std::optional<std::string> name_problem(std::string_view name);

// The form field "fps": "native", or frames a second from 0.001 to 120 with at most three decimals, taken
// exactly. Nothing for any other text.
std::optional<media::SamplingRate> parse_sampling_rate(std::string_view text);

}  // namespace inpaint::datasets
