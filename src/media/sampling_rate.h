#pragma once

#include <cstdint>
#include <optional>

namespace inpaint::media {

// Exact, as containers say their rates and time bases: 30000/1001. Both parts > 0.
struct Fraction {
  std::int64_t numerator = 1;
  std::int64_t denominator = 1;
};

// How many frames of a video are taken: so many a second, or (nothing) every one at its own time.
struct SamplingRate {
  std::optional<Fraction> frames_per_second = Fraction{1, 1};
};

}  // namespace inpaint::media
