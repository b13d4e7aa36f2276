// A file that somebody calls a picture: the header and the pixels must tell the same.
#include <optional>

#include "base/error.h"
#include "input.h"
#include "media/codecs.h"
#include "media/stream.h"

namespace inpaint::media {
namespace {

using fuzz::require;

constexpr Limits kLimits{.maximum_pixels = 200'000, .maximum_side = 2'000};

std::optional<ImageInfo> header_of(std::span<const std::uint8_t> file) {
  try {
    const Stream stream = open_memory(file);
    return detect_format(stream.get()) == ImageFormat::kPng ? read_png_header(stream.get(), kLimits)
                                                            : read_jpeg_header(stream.get(), kLimits);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::kInvalid || error.kind() == ErrorKind::kTooLarge,
            "a bad header is the client's error");
    return std::nullopt;
  }
}

std::optional<engine::Image> pixels_of(std::span<const std::uint8_t> file) {
  try {
    return decode_image(file, kLimits);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::kInvalid || error.kind() == ErrorKind::kTooLarge,
            "a bad picture is the client's error");
    return std::nullopt;
  }
}

void check(std::span<const std::uint8_t> file) {
  const std::optional<ImageInfo> header = header_of(file);
  const std::optional<engine::Image> image = pixels_of(file);
  if (!image) return;
  require(header.has_value(), "the header of a good picture is good");
  require(header->width == image->width() && header->height == image->height(), "its size is the header's");
  require(header->channels == image->channels() && header->bits == image->bits(), "its kind is the header's");
  require(image->bytes().size() == image->row_bytes() * static_cast<std::size_t>(image->height()),
          "every pixel has its bytes");
}

}  // namespace
}  // namespace inpaint::media

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  inpaint::media::check({bytes, size});
  return 0;
}
