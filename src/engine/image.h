// engine/ turns pixels into pixels. No files, no network, no clock, no globals; the same input, parameters
// and seed give the same bytes. It uses base/ (Error) and OpenCV inside its .cpp files only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace inpaint::engine {

// Interleaved pixels, row by row without padding. 1 channel: grey; 2: grey, alpha; 3: R, G, B; 4: R, G, B,
// alpha (straight, not premultiplied). 8 or 16 bits a sample, in the machine's byte order.
class Image {
 public:
  Image() = default;
  // Zeroed. width, height ≥ 1; channels 1–4; bits 8 or 16.
  Image(int width, int height, int channels, int bits);

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  int bits() const { return bits_; }
  bool has_alpha() const { return channels_ == 2 || channels_ == 4; }
  std::size_t row_bytes() const;
  std::span<std::uint8_t> bytes() { return bytes_; }
  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  int width_ = 0;
  int height_ = 0;
  int channels_ = 0;
  int bits_ = 8;
  std::vector<std::uint8_t> bytes_;
};

// One byte a pixel, row by row: 0 keeps the pixel, kHole marks it as hole. No other value, but in model.h.
constexpr std::uint8_t kHole = 255;
struct Mask {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

}  // namespace inpaint::engine
