#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "engine/image.h"

// Inside engine/ only: single samples of an image, whatever its depth.
namespace inpaint::engine {

inline std::uint32_t sample_at(const Image& image, std::size_t index) {
  if (image.bits() == 8) return image.bytes()[index];
  std::uint16_t value = 0;
  std::memcpy(&value, image.bytes().data() + 2 * index, sizeof value);
  return value;
}

inline void set_sample(Image& image, std::size_t index, std::uint32_t value) {
  if (image.bits() == 8) {
    image.bytes()[index] = static_cast<std::uint8_t>(value);
    return;
  }
  const auto wide = static_cast<std::uint16_t>(value);
  std::memcpy(image.bytes().data() + 2 * index, &wide, sizeof wide);
}

inline std::uint32_t white(const Image& image) {
  return image.bits() == 8 ? std::numeric_limits<std::uint8_t>::max()
                           : std::numeric_limits<std::uint16_t>::max();
}

inline std::size_t colour_channels(const Image& image) {
  return static_cast<std::size_t>(image.has_alpha() ? image.channels() - 1 : image.channels());
}

}  // namespace inpaint::engine
