#include "media/orientation.h"

#include <cstring>

namespace inpaint::media {
namespace {

// Byte offset of stored pixel (x, y) in the shown picture: origin + x * along_x + y * along_y.
struct Placement {
  std::ptrdiff_t origin;
  std::ptrdiff_t along_x;
  std::ptrdiff_t along_y;
};

Placement placement(Orientation orientation, int width, int height, std::ptrdiff_t pixel,
                    std::ptrdiff_t row) {
  const std::ptrdiff_t right = (width - 1) * pixel, bottom = (height - 1) * row;
  // For the kinds that swap sides, stored x runs down the shown picture and stored y runs across it.
  const std::ptrdiff_t across = (height - 1) * pixel, down = (width - 1) * row;
  switch (orientation) {
    case Orientation::kMirrored:
      return {right, -pixel, row};
    case Orientation::kRotated180:
      return {right + bottom, -pixel, -row};
    case Orientation::kFlipped:
      return {bottom, pixel, -row};
    case Orientation::kTransposed:
      return {0, row, pixel};
    case Orientation::kRotated90:
      return {across, row, -pixel};
    case Orientation::kTransversed:
      return {across + down, -row, -pixel};
    case Orientation::kRotated270:
      return {down, -row, pixel};
    case Orientation::kNormal:
      break;
  }
  return {0, pixel, row};
}

// The pixel size is a constant here so that every copy is one move.
template <std::size_t kPixel>
void scatter(std::uint8_t* shown, const Placement& place, std::span<const std::uint8_t> rows, int width,
             int first, int count) {
  // Column by column: with sides swapped, the pixels of neighbouring rows lie side by side.
  for (int x = 0; x < width; ++x) {
    for (int y = 0; y < count; ++y) {
      const std::size_t from =
          (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
          kPixel;
      std::memcpy(shown + place.origin + x * place.along_x + (first + y) * place.along_y, rows.data() + from,
                  kPixel);
    }
  }
}

}  // namespace

OrientedImage::OrientedImage(int width, int height, int channels, int bits, Orientation orientation)
    : width_(width),
      height_(height),
      orientation_(orientation),
      image_(swaps_sides(orientation) ? height : width, swaps_sides(orientation) ? width : height, channels,
             bits) {}

void OrientedImage::put_rows(int first, int count, std::span<const std::uint8_t> rows) {
  const int pixel = image_.channels() * (image_.bits() / 8);
  const Placement place =
      placement(orientation_, width_, height_, pixel, static_cast<std::ptrdiff_t>(image_.row_bytes()));
  std::uint8_t* shown = image_.bytes().data();
  switch (pixel) {
    case 1:
      return scatter<1>(shown, place, rows, width_, first, count);
    case 2:
      return scatter<2>(shown, place, rows, width_, first, count);
    case 3:
      return scatter<3>(shown, place, rows, width_, first, count);
    case 4:
      return scatter<4>(shown, place, rows, width_, first, count);
    case 6:
      return scatter<6>(shown, place, rows, width_, first, count);
    default:
      return scatter<8>(shown, place, rows, width_, first, count);
  }
}

}  // namespace inpaint::media
