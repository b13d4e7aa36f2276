// What the two codecs offer to media.cpp and mask.cpp; nobody else includes this.
#pragma once

#include <cstdint>
#include <cstdio>

#include "base/error.h"
#include "media/media.h"

namespace inpaint::media {

// Each reads from the stream's position, which is the first byte of the file.
ImageInfo read_png_header(std::FILE* stream, const Limits& limits);
engine::Image decode_png(std::FILE* stream, const Limits& limits);
ImageInfo read_jpeg_header(std::FILE* stream, const Limits& limits);
engine::Image decode_jpeg(std::FILE* stream, const Limits& limits);

// Looks at the first bytes and goes back to the start.
ImageFormat detect_format(std::FILE* stream);

// Throws kTooLarge IMAGE_TOO_LARGE; called before anything of the picture's size is allocated.
void check_limits(std::int64_t width, std::int64_t height, const Limits& limits);

// `reason` is a clause such as "it ends too early".
Error bad_image(const std::string& reason);

}  // namespace inpaint::media
