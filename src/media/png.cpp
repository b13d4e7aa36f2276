#include <spng.h>

#include <memory>

#include "media/codecs.h"
#include "media/exif.h"
#include "media/stream.h"

namespace inpaint::media {
namespace {

constexpr std::size_t kMaximumChunkBytes = 16U << 20;
constexpr std::size_t kMaximumChunkCacheBytes = 32U << 20;
// No deflate stream expands by more, so a file too small for its header's promise is known to be cut short
// before memory is taken for the pixels.
constexpr std::int64_t kMaximumDeflateRatio = 1032;
// Rows moved at once when a picture is stored turned.
constexpr int kDecodedRows = 16;
// Twice as fast as the library's own choice for files a few percent larger.
constexpr int kCompressionLevel = 3;

struct FreeContext {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
using Context = std::unique_ptr<spng_ctx, FreeContext>;

void check(int result) {
  if (result == SPNG_OK) return;
  if (result == SPNG_IO_EOF || result == SPNG_EOI) throw bad_image("it ends too early");
  if (result == SPNG_EMEM) throw internal("out of memory in the PNG decoder");
  throw bad_image(std::string("it is not a valid PNG (") + spng_strerror(result) + ")");
}

struct Header {
  spng_ihdr ihdr;
  Orientation orientation;
  spng_format format;
  int channels;
  int bits;
};

Context open_decoder(std::FILE* stream) {
  Context context(spng_ctx_new(0));
  if (!context) throw internal("out of memory in the PNG decoder");
  check(spng_set_crc_action(context.get(), SPNG_CRC_ERROR, SPNG_CRC_ERROR));
  check(spng_set_chunk_limits(context.get(), kMaximumChunkBytes, kMaximumChunkCacheBytes));
  check(spng_set_png_file(context.get(), stream));
  return context;
}

Orientation read_orientation(spng_ctx* context) {
  spng_exif exif{};
  if (spng_get_exif(context, &exif) != SPNG_OK) return Orientation::kNormal;
  return exif_orientation({reinterpret_cast<const std::uint8_t*>(exif.data), exif.length});
}

// Palettes become RGB, low depths 8 bits, tRNS an alpha channel.
void choose_format(Header& header, bool has_trns) {
  const bool wide = header.ihdr.bit_depth == 16;
  header.bits = wide ? 16 : 8;
  switch (header.ihdr.color_type) {
    case SPNG_COLOR_TYPE_GRAYSCALE:
      header.channels = has_trns ? 2 : 1;
      if (has_trns) {
        header.format = wide ? SPNG_FMT_GA16 : SPNG_FMT_GA8;
      } else {
        header.format = wide ? SPNG_FMT_PNG : SPNG_FMT_G8;
      }
      return;
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
      header.channels = 2;
      header.format = SPNG_FMT_PNG;
      return;
    case SPNG_COLOR_TYPE_TRUECOLOR_ALPHA:
      header.channels = 4;
      header.format = SPNG_FMT_PNG;
      return;
    default:
      header.channels = has_trns ? 4 : 3;
      if (has_trns) {
        header.format = wide ? SPNG_FMT_RGBA16 : SPNG_FMT_RGBA8;
      } else {
        header.format = wide ? SPNG_FMT_PNG : SPNG_FMT_RGB8;
      }
  }
}

Header read_header(spng_ctx* context, const Limits& limits) {
  Header header{};
  check(spng_get_ihdr(context, &header.ihdr));
  check_limits(header.ihdr.width, header.ihdr.height, limits);
  // Everything up to the pixels, so that tRNS and eXIf are known.
  check(spng_decode_chunks(context));
  spng_trns trns{};
  choose_format(header, spng_get_trns(context, &trns) == SPNG_OK);
  header.orientation = read_orientation(context);
  return header;
}

void check_enough_data(const spng_ihdr& ihdr, std::FILE* stream) {
  constexpr int kSamples[] = {1, 0, 3, 1, 2, 0, 4};  // by colour type
  const std::int64_t pixel_bits = std::int64_t{kSamples[ihdr.color_type]} * ihdr.bit_depth;
  const std::int64_t raw_bytes = std::int64_t{ihdr.width} * ihdr.height * pixel_bits / 8;
  if (raw_bytes / kMaximumDeflateRatio > size_bytes(stream)) throw bad_image("it ends too early");
}

void decode_turned_rows(spng_ctx* context, const Header& header, OrientedImage& picture) {
  const int width = static_cast<int>(header.ihdr.width), height = static_cast<int>(header.ihdr.height);
  check(spng_decode_image(context, nullptr, 0, header.format, SPNG_DECODE_TRNS | SPNG_DECODE_PROGRESSIVE));
  const std::size_t row_bytes =
      static_cast<std::size_t>(width) * static_cast<std::size_t>(header.channels * (header.bits / 8));
  std::vector<std::uint8_t> block(row_bytes * kDecodedRows);
  for (int first = 0; first < height; first += kDecodedRows) {
    const int count = std::min(kDecodedRows, height - first);
    for (int y = 0; y < count; ++y) {
      const int result =
          spng_decode_row(context, block.data() + row_bytes * static_cast<std::size_t>(y), row_bytes);
      if (result != SPNG_EOI) check(result);
    }
    picture.put_rows(first, count, block);
  }
}

void encode(const std::filesystem::path& file, const spng_ihdr& ihdr, std::span<const std::uint8_t> rows,
            int filters) {
  Stream stream = open_for_writing(file);
  const Context context(spng_ctx_new(SPNG_CTX_ENCODER));
  if (!context) throw internal("out of memory in the PNG encoder");
  spng_ihdr header = ihdr;
  int result = spng_set_png_file(context.get(), stream.get());
  if (result == SPNG_OK) result = spng_set_ihdr(context.get(), &header);
  if (result == SPNG_OK) {
    result = spng_set_option(context.get(), SPNG_IMG_COMPRESSION_LEVEL, kCompressionLevel);
  }
  if (result == SPNG_OK) result = spng_set_option(context.get(), SPNG_FILTER_CHOICE, filters);
  if (result == SPNG_OK) {
    result = spng_encode_image(context.get(), rows.data(), rows.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
  }
  if (result != SPNG_OK && result != SPNG_IO_ERROR) {
    throw internal(std::string("the PNG encoder failed: ") + spng_strerror(result));
  }
  finish_writing(std::move(stream));
}

}  // namespace

ImageInfo read_png_header(std::FILE* stream, const Limits& limits) {
  const Context context = open_decoder(stream);
  const Header header = read_header(context.get(), limits);
  ImageInfo info{ImageFormat::kPng, static_cast<int>(header.ihdr.width), static_cast<int>(header.ihdr.height),
                 header.channels, header.bits};
  if (swaps_sides(header.orientation)) std::swap(info.width, info.height);
  return info;
}

engine::Image decode_png(std::FILE* stream, const Limits& limits) {
  const Context context = open_decoder(stream);
  const Header header = read_header(context.get(), limits);
  check_enough_data(header.ihdr, stream);
  const int width = static_cast<int>(header.ihdr.width), height = static_cast<int>(header.ihdr.height);
  OrientedImage picture(width, height, header.channels, header.bits, header.orientation);
  if (picture.is_upright()) {
    const auto bytes = picture.image().bytes();
    check(spng_decode_image(context.get(), bytes.data(), bytes.size(), header.format, SPNG_DECODE_TRNS));
  } else if (header.ihdr.interlace_method == SPNG_INTERLACE_NONE) {
    decode_turned_rows(context.get(), header, picture);
  } else {
    // Interlaced rows come in pieces, so this rare kind is held twice for a moment.
    std::vector<std::uint8_t> stored(picture.image().bytes().size());
    check(spng_decode_image(context.get(), stored.data(), stored.size(), header.format, SPNG_DECODE_TRNS));
    picture.put_rows(0, height, stored);
  }
  // Up to the end of the file: a picture that is cut short after its pixels is damaged too.
  check(spng_decode_chunks(context.get()));
  return std::move(picture).take();
}

void write_png(const std::filesystem::path& file, const engine::Image& image) {
  constexpr std::uint8_t kColorTypes[] = {SPNG_COLOR_TYPE_GRAYSCALE, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA,
                                          SPNG_COLOR_TYPE_TRUECOLOR, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA};
  spng_ihdr ihdr{};
  ihdr.width = static_cast<std::uint32_t>(image.width());
  ihdr.height = static_cast<std::uint32_t>(image.height());
  ihdr.bit_depth = static_cast<std::uint8_t>(image.bits());
  ihdr.color_type = kColorTypes[image.channels() - 1];
  encode(file, ihdr, image.bytes(), SPNG_FILTER_CHOICE_ALL);
}

void write_mask(const std::filesystem::path& file, const engine::Mask& mask) {
  const std::size_t width = static_cast<std::size_t>(mask.width),
                    height = static_cast<std::size_t>(mask.height);
  const std::size_t row_bytes = (width + 7) / 8;
  std::vector<std::uint8_t> packed(row_bytes * height);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      if (mask.pixels[y * width + x] == 0) continue;
      packed[y * row_bytes + x / 8] =
          static_cast<std::uint8_t>(packed[y * row_bytes + x / 8] | 0x80 >> x % 8);
    }
  }
  spng_ihdr ihdr{};
  ihdr.width = static_cast<std::uint32_t>(mask.width);
  ihdr.height = static_cast<std::uint32_t>(mask.height);
  ihdr.bit_depth = 1;
  ihdr.color_type = SPNG_COLOR_TYPE_GRAYSCALE;
  encode(file, ihdr, packed, SPNG_FILTER_CHOICE_NONE);
}

}  // namespace inpaint::media
