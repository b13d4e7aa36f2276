#include "engine/image.h"

#include "base/error.h"

namespace inpaint::engine {

Image::Image(int width, int height, int channels, int bits)
    : width_(width), height_(height), channels_(channels), bits_(bits) {
  if (width < 1 || height < 1 || channels < 1 || channels > 4 || (bits != 8 && bits != 16)) {
    throw internal("an image of impossible shape was asked for");
  }
  bytes_.resize(row_bytes() * static_cast<std::size_t>(height));
}

std::size_t Image::row_bytes() const {
  return static_cast<std::size_t>(width_) * static_cast<std::size_t>(channels_ * (bits_ / 8));
}

}  // namespace inpaint::engine
