#include "media/media.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "media/codecs.h"
#include "media/stream.h"

namespace inpaint::media {
namespace {

constexpr std::array<std::uint8_t, 8> kPngSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<std::uint8_t, 3> kJpegSignature = {0xff, 0xd8, 0xff};

std::string size_text(std::int64_t width, std::int64_t height) {
  return std::to_string(width) + " x " + std::to_string(height) + " pixels";
}

engine::Image decode(std::FILE* stream, const Limits& limits) {
  return detect_format(stream) == ImageFormat::kPng ? decode_png(stream, limits)
                                                    : decode_jpeg(stream, limits);
}

}  // namespace

std::int64_t decoded_bytes(const ImageInfo& info) {
  return std::int64_t{info.width} * info.height * info.channels * (info.bits / 8);
}

std::string_view extension(ImageFormat format) {
  return format == ImageFormat::kPng ? "png" : "jpg";
}

std::string_view content_type(ImageFormat format) {
  return format == ImageFormat::kPng ? "image/png" : "image/jpeg";
}

ImageFormat detect_format(std::FILE* stream) {
  std::array<std::uint8_t, kPngSignature.size()> start{};
  const std::size_t size = std::fread(start.data(), 1, start.size(), stream);
  std::rewind(stream);
  if (size == start.size() && start == kPngSignature) return ImageFormat::kPng;
  if (size >= kJpegSignature.size() &&
      std::equal(kJpegSignature.begin(), kJpegSignature.end(), start.begin())) {
    return ImageFormat::kJpeg;
  }
  throw invalid("UNSUPPORTED_FORMAT", "The file's content is neither a PNG nor a JPEG picture.");
}

ImageFormat detect_format(const std::filesystem::path& file) {
  return detect_format(open_for_reading(file).get());
}

void check_extension(std::string_view file_name, ImageFormat format) {
  const std::size_t dot = file_name.rfind('.');
  std::string found(dot == std::string_view::npos ? "" : file_name.substr(dot + 1));
  std::ranges::transform(found, found.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool png = found == "png", jpeg = found == "jpg" || found == "jpeg";
  if (!png && !jpeg) {
    throw invalid("UNSUPPORTED_FORMAT", "The file's name must end in .png, .jpg or .jpeg.");
  }
  if (png != (format == ImageFormat::kPng)) {
    throw invalid("UNSUPPORTED_FORMAT", "The file's name ends in ." + found + " but its content is a " +
                                            (png ? "JPEG" : "PNG") + " picture.");
  }
}

ImageInfo read_header(const std::filesystem::path& file, const Limits& limits) {
  const Stream stream = open_for_reading(file);
  return detect_format(stream.get()) == ImageFormat::kPng ? read_png_header(stream.get(), limits)
                                                          : read_jpeg_header(stream.get(), limits);
}

engine::Image read_image(const std::filesystem::path& file, const Limits& limits) {
  return decode(open_for_reading(file).get(), limits);
}

engine::Image decode_image(std::span<const std::uint8_t> file_bytes, const Limits& limits) {
  return decode(open_memory(file_bytes).get(), limits);
}

void check_same_size(const engine::Image& image, const engine::Mask& mask) {
  check_same_size(image.width(), image.height(), mask.width, mask.height);
}

void check_same_size(int image_width, int image_height, int mask_width, int mask_height) {
  if (image_width == mask_width && image_height == mask_height) return;
  throw invalid("MASK_SIZE_MISMATCH", "The mask is " + size_text(mask_width, mask_height) +
                                          " but its image is " + size_text(image_width, image_height) +
                                          "; both must be of one size.");
}

void check_limits(std::int64_t width, std::int64_t height, const Limits& limits) {
  const bool fits = width <= limits.maximum_side && height <= limits.maximum_side &&
                    width * height <= limits.maximum_pixels;
  if (fits) return;
  throw Error(ErrorKind::kTooLarge, "IMAGE_TOO_LARGE",
              "The picture is " + size_text(width, height) + "; at most " +
                  std::to_string(limits.maximum_pixels) + " pixels and " +
                  std::to_string(limits.maximum_side) + " a side are accepted.");
}

Error bad_image(const std::string& reason) {
  return invalid("BAD_IMAGE", "The picture cannot be read: " + reason + ".");
}

}  // namespace inpaint::media
