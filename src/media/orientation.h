// The eight ways in which EXIF says that stored rows are to be shown.
#pragma once

#include <cstdint>
#include <span>

#include "engine/image.h"

namespace inpaint::media {

enum class Orientation : std::uint8_t {
  kNormal = 1,
  kMirrored = 2,
  kRotated180 = 3,
  kFlipped = 4,
  kTransposed = 5,
  kRotated90 = 6,
  kTransversed = 7,
  kRotated270 = 8,
};

constexpr bool swaps_sides(Orientation orientation) {
  return orientation >= Orientation::kTransposed;
}

// Takes rows as they are stored and puts them where they are shown, so a picture is never held twice.
class OrientedImage {
 public:
  // The size as stored.
  OrientedImage(int width, int height, int channels, int bits, Orientation orientation);

  // `rows` holds `count` whole stored rows, the first of them row `first`.
  void put_rows(int first, int count, std::span<const std::uint8_t> rows);

  // Where rows need no move a decoder may write straight into the picture.
  bool is_upright() const { return orientation_ == Orientation::kNormal; }
  engine::Image& image() { return image_; }
  engine::Image take() && { return std::move(image_); }

 private:
  int width_;
  int height_;
  Orientation orientation_;
  engine::Image image_;
};

}  // namespace inpaint::media
