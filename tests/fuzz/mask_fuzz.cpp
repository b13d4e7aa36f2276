// A file that somebody calls a mask: what is accepted consists of 0 and 255.
#include <algorithm>

#include "base/error.h"
#include "input.h"
#include "media/media.h"

namespace inpaint::media {
namespace {

constexpr Limits kLimits{.maximum_pixels = 200'000, .maximum_side = 2'000};

void check(std::span<const std::uint8_t> file) {
  try {
    const engine::Mask mask = decode_mask(file, kLimits);
    fuzz::require(
        mask.pixels.size() == static_cast<std::size_t>(mask.width) * static_cast<std::size_t>(mask.height),
        "every pixel has its byte");
    fuzz::require(std::ranges::all_of(mask.pixels, [](auto pixel) { return pixel == 0 || pixel == 255; }),
                  "a mask is binary");
  } catch (const Error& error) {
    fuzz::require(error.kind() == ErrorKind::kInvalid || error.kind() == ErrorKind::kTooLarge,
                  "a bad mask is the client's error");
  }
}

}  // namespace
}  // namespace inpaint::media

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  inpaint::media::check({bytes, size});
  return 0;
}
