// media/ is files <-> pixels. Every byte of a picture that a stranger sent is parsed here and nowhere else:
// the kind is judged by content, sizes are checked before anything is allocated. It uses engine/ (Image,
// Mask) and base/; libspng and libjpeg-turbo inside its .cpp files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "engine/image.h"

namespace inpaint::media {

struct Limits {
  std::int64_t maximum_pixels = 100'000'000;
  std::int64_t maximum_side = 65'535;  // of one side, in pixels
};

enum class ImageFormat { kPng, kJpeg };

// What a file's header says; the size as it is shown, with EXIF orientation applied.
struct ImageInfo {
  ImageFormat format;
  int width;
  int height;
  int channels;  // as in engine::Image
  int bits;
};

// Of the picture in memory.
std::int64_t decoded_bytes(const ImageInfo& info);

// "png" or "jpg"; "image/png" or "image/jpeg".
std::string_view extension(ImageFormat format);
std::string_view content_type(ImageFormat format);

// By the first bytes of the file; throws kInvalid UNSUPPORTED_FORMAT.
ImageFormat detect_format(const std::filesystem::path& file);
// Throws kInvalid UNSUPPORTED_FORMAT when the name's extension is not one of the format's.
void check_extension(std::string_view file_name, ImageFormat format);

// Reads no pixels. Throws as read_image does, for what the header alone can show.
ImageInfo read_header(const std::filesystem::path& file, const Limits& limits);

// The decoded picture, EXIF orientation applied (of a PNG: an eXIf chunk before the pixels), palettes
// expanded, 16 bits kept, alpha kept.
// Throws kInvalid: UNSUPPORTED_FORMAT, BAD_IMAGE (damaged, truncated), kTooLarge IMAGE_TOO_LARGE.
engine::Image read_image(const std::filesystem::path& file, const Limits& limits);
engine::Image decode_image(std::span<const std::uint8_t> file_bytes, const Limits& limits);

// A mask by the rules of the contract; white = hole. Accepted are
//  - a PNG whose every pixel is black or white, of any depth and kind;
//  - a PNG with transparency whose pixels are opaque (keep) or fully transparent (hole), if its colours do
//    not say otherwise: one colour everywhere, or black wherever it is opaque;
//  - a JPEG whose pixels are grey (channels within 16 of each other) and within 48 of 0 or 255, thresholded
//    at 128. Ringing may put more than that in between, but only beside an edge: at most one pixel for
//    every ten places where black meets white. (Measured on sharp masks: none at quality 75, one for
//    twelve places at quality 50; an anti-aliased mask has one for two, a photo two or more for one.)
// Besides read_image's errors throws kInvalid MASK_NOT_BINARY, saying what was found and what is wanted.
engine::Mask read_mask(const std::filesystem::path& file, const Limits& limits);
engine::Mask decode_mask(std::span<const std::uint8_t> file_bytes, const Limits& limits);

// Throws kInvalid MASK_SIZE_MISMATCH with both sizes in the sentence.
void check_same_size(const engine::Image& image, const engine::Mask& mask);
void check_same_size(int image_width, int image_height, int mask_width, int mask_height);

// The writers replace what was there and throw kUnavailable STORAGE_FULL or STORAGE_UNAVAILABLE when the disk
// does not take it.
void write_png(const std::filesystem::path& file, const engine::Image& image);
// Alpha is dropped onto white, 16 bits are reduced to 8; quality 95, 4:4:4.
void write_jpeg(const std::filesystem::path& file, const engine::Image& image);
// One bit a pixel.
void write_mask(const std::filesystem::path& file, const engine::Mask& mask);

}  // namespace inpaint::media
