// media/ is files <-> pixels. Every byte of a picture that a stranger sent is parsed here and nowhere else:
// the kind is judged by content, sizes are checked before anything is allocated. It uses engine/ (Image,
// Mask) and base/; libspng and libjpeg-turbo inside its .cpp files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/image.h"

namespace inpaint::media {

struct Limits {
  std::int64_t maximum_pixels = 100'000'000;
  std::int64_t maximum_side = 65'535;  // of one side, in pixels
};

enum class ImageFormat { kPng, kJpeg };

// "png" or "jpg"; "image/png" or "image/jpeg".
std::string_view extension(ImageFormat format);
std::string_view content_type(ImageFormat format);

// By the first bytes of the file; throws kInvalid UNSUPPORTED_FORMAT.
ImageFormat detect_format(const std::filesystem::path& file);
// Throws kInvalid UNSUPPORTED_FORMAT when the name's extension is not one of the format's.
void check_extension(std::string_view file_name, ImageFormat format);

// The decoded picture, EXIF orientation applied, palettes expanded, 16 bits kept, alpha kept.
// Throws kInvalid: UNSUPPORTED_FORMAT, BAD_IMAGE (damaged, truncated), kTooLarge IMAGE_TOO_LARGE.
engine::Image read_image(const std::filesystem::path& file, const Limits& limits);

// A mask by the rules of the contract: every pixel black or white (JPEG: within compression noise, then
// thresholded), or an alpha channel alone that is opaque where the picture is kept. White = hole.
// Besides read_image's errors throws kInvalid MASK_NOT_BINARY, saying what was found and what is wanted.
engine::Mask read_mask(const std::filesystem::path& file, const Limits& limits);

// Throws kInvalid MASK_SIZE_MISMATCH with both sizes in the sentence.
void check_same_size(const engine::Image& image, const engine::Mask& mask);

void write_png(const std::filesystem::path& file, const engine::Image& image);
// Alpha is dropped onto white, 16 bits are reduced to 8; quality 95, 4:4:4.
void write_jpeg(const std::filesystem::path& file, const engine::Image& image);
// One bit a pixel.
void write_mask(const std::filesystem::path& file, const engine::Mask& mask);

}  // namespace inpaint::media
