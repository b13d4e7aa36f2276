#include <cstdio>

// jpeglib.h needs FILE declared before it.
#include <jpeglib.h>
// jerror.h names the messages only with this.
#include <jerror.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <vector>

#include "media/codecs.h"
#include "media/exif.h"
#include "media/stream.h"

namespace inpaint::media {
namespace {

constexpr int kQuality = 95;
constexpr int kBlockRows = 16;
// A progressive file may ask for the whole picture to be gone over again and again; real ones have about 10.
constexpr int kMaximumScans = 64;
// Orientation stands in the first of EXIF's directories; the thumbnail behind it is not kept.
constexpr unsigned kExifBytesKept = 4096;
// Even a blank progressive picture needs more than a byte for this many pixels, so a file smaller than its
// header's promise is known to be cut short before memory is taken.
constexpr std::int64_t kMaximumPixelsPerByte = 2048;

enum class Failure { kNone, kTruncated, kDamaged, kTooManyScans };

// libjpeg reports an error by a call that must not return, so it is left by longjmp. Each function that
// calls setjmp here holds nothing that has a destructor.
struct ErrorState {
  jpeg_error_mgr manager;  // first: libjpeg hands back a pointer to it
  std::jmp_buf resume;
  Failure failure;
};

[[noreturn]] void leave(j_common_ptr common, Failure failure) {
  auto* state = reinterpret_cast<ErrorState*>(common->err);
  state->failure = failure;
  std::longjmp(state->resume, 1);
}

[[noreturn]] void on_error(j_common_ptr common) {
  leave(common, common->err->msg_code == JERR_INPUT_EOF ? Failure::kTruncated : Failure::kDamaged);
}

// Libjpeg goes on after damage with made-up pixels; here such a picture is refused.
void on_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
      leave(common, Failure::kTruncated);
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      leave(common, Failure::kDamaged);
    default:
      break;
  }
}

void on_progress(j_common_ptr common) {
  if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number > kMaximumScans) {
    leave(common, Failure::kTooManyScans);
  }
}

class Decoder {
 public:
  explicit Decoder(std::FILE* stream) {
    decompress_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = on_error;
    errors_.manager.emit_message = on_message;
    progress_.progress_monitor = on_progress;
    check(open(stream));
  }
  ~Decoder() { jpeg_destroy_decompress(&decompress_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  void read_header() { check(try_read_header()); }
  void start() { check(try_start()); }
  void read_rows(std::span<std::uint8_t*> rows) { check(try_read_rows(rows.data(), rows.size())); }
  void finish() { check(try_finish()); }

  const jpeg_decompress_struct& info() const { return decompress_; }
  int width() const { return static_cast<int>(decompress_.image_width); }
  int height() const { return static_cast<int>(decompress_.image_height); }
  bool is_grey() const { return decompress_.jpeg_color_space == JCS_GRAYSCALE; }
  bool is_cmyk() const {
    return decompress_.jpeg_color_space == JCS_CMYK || decompress_.jpeg_color_space == JCS_YCCK;
  }
  int channels() const { return is_grey() ? 1 : 3; }
  Orientation orientation() const;

 private:
  static void check(Failure failure);
  Failure open(std::FILE* stream);
  Failure try_read_header();
  Failure try_start();
  Failure try_read_rows(std::uint8_t** rows, std::size_t count);
  Failure try_finish();

  jpeg_decompress_struct decompress_{};
  jpeg_progress_mgr progress_{};
  ErrorState errors_{};
};

void Decoder::check(Failure failure) {
  switch (failure) {
    case Failure::kNone:
      return;
    case Failure::kTruncated:
      throw bad_image("it ends too early");
    case Failure::kDamaged:
      throw bad_image("it is not a valid JPEG");
    case Failure::kTooManyScans:
      throw bad_image("it has too many progressive scans");
  }
}

Failure Decoder::open(std::FILE* stream) {
  if (setjmp(errors_.resume) != 0) return errors_.failure;
  jpeg_create_decompress(&decompress_);
  decompress_.progress = &progress_;
  jpeg_stdio_src(&decompress_, stream);
  jpeg_save_markers(&decompress_, JPEG_APP0 + 1, kExifBytesKept);
  return Failure::kNone;
}

Failure Decoder::try_read_header() {
  if (setjmp(errors_.resume) != 0) return errors_.failure;
  jpeg_read_header(&decompress_, TRUE);
  return Failure::kNone;
}

Failure Decoder::try_start() {
  if (setjmp(errors_.resume) != 0) return errors_.failure;
  decompress_.out_color_space = is_grey() ? JCS_GRAYSCALE : is_cmyk() ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&decompress_);
  return Failure::kNone;
}

Failure Decoder::try_read_rows(std::uint8_t** rows, std::size_t count) {
  if (setjmp(errors_.resume) != 0) return errors_.failure;
  const JDIMENSION last = decompress_.output_scanline + static_cast<JDIMENSION>(count);
  while (decompress_.output_scanline < last) {
    const JDIMENSION left = last - decompress_.output_scanline;
    jpeg_read_scanlines(&decompress_, rows + (count - left), left);
  }
  return Failure::kNone;
}

Failure Decoder::try_finish() {
  if (setjmp(errors_.resume) != 0) return errors_.failure;
  jpeg_finish_decompress(&decompress_);
  return Failure::kNone;
}

Orientation Decoder::orientation() const {
  constexpr std::array<std::uint8_t, 6> kExifMark = {'E', 'x', 'i', 'f', 0, 0};
  for (jpeg_saved_marker_ptr marker = decompress_.marker_list; marker != nullptr; marker = marker->next) {
    const std::span<const std::uint8_t> data(marker->data, marker->data_length);
    if (data.size() > kExifMark.size() && std::equal(kExifMark.begin(), kExifMark.end(), data.begin())) {
      return exif_orientation(data.subspan(kExifMark.size()));
    }
  }
  return Orientation::kNormal;
}

// In place: the row shrinks from four samples a pixel to three. Adobe's programs store the inks inverted.
void cmyk_row_to_rgb(std::uint8_t* row, int width, bool inverted) {
  const unsigned flip = inverted ? 0 : 255;
  for (int x = 0; x < width; ++x) {
    const std::uint8_t* inks = row + 4 * static_cast<std::ptrdiff_t>(x);
    const unsigned black = inks[3] ^ flip;
    std::array<std::uint8_t, 3> colours{};
    for (std::size_t c = 0; c < 3; ++c) {
      colours[c] = static_cast<std::uint8_t>(((inks[c] ^ flip) * black + 127) / 255);
    }
    std::copy(colours.begin(), colours.end(), row + 3 * static_cast<std::ptrdiff_t>(x));
  }
}

void read_straight(Decoder& decoder, engine::Image& image) {
  std::vector<std::uint8_t*> rows(static_cast<std::size_t>(image.height()));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = image.bytes().data() + y * image.row_bytes();
  decoder.read_rows(rows);
}

void read_in_blocks(Decoder& decoder, OrientedImage& picture) {
  const std::size_t width = static_cast<std::size_t>(decoder.width());
  const std::size_t stored_bytes = width * static_cast<std::size_t>(decoder.info().output_components);
  const std::size_t row_bytes = width * static_cast<std::size_t>(decoder.channels());
  // One row's end may lie beyond the next one's start, so CMYK rows are packed after conversion.
  std::vector<std::uint8_t> block(stored_bytes * kBlockRows);
  for (int first = 0; first < decoder.height(); first += kBlockRows) {
    const int count = std::min(kBlockRows, decoder.height() - first);
    std::array<std::uint8_t*, kBlockRows> rows{};
    for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = block.data() + y * stored_bytes;
    decoder.read_rows(std::span(rows).first(static_cast<std::size_t>(count)));
    if (decoder.is_cmyk()) {
      for (std::size_t y = 0; y < static_cast<std::size_t>(count); ++y) {
        cmyk_row_to_rgb(rows[y], decoder.width(), decoder.info().saw_Adobe_marker != 0);
        std::memmove(block.data() + y * row_bytes, rows[y], row_bytes);
      }
    }
    picture.put_rows(first, count, block);
  }
}

class Encoder {
 public:
  Encoder(std::FILE* stream, int width, int height, int channels) {
    compress_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = on_error;
    errors_.manager.emit_message = on_message;
    check(start(stream, width, height, channels));
  }
  ~Encoder() { jpeg_destroy_compress(&compress_); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  void write_row(std::uint8_t* row) { check(try_write_row(row)); }
  void finish() { check(try_finish()); }

 private:
  static void check(bool succeeded) {
    if (!succeeded) throw writing_error();
  }

  bool start(std::FILE* stream, int width, int height, int channels) {
    if (setjmp(errors_.resume) != 0) return false;
    jpeg_create_compress(&compress_);
    jpeg_stdio_dest(&compress_, stream);
    compress_.image_width = static_cast<JDIMENSION>(width);
    compress_.image_height = static_cast<JDIMENSION>(height);
    compress_.input_components = channels;
    compress_.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&compress_);
    jpeg_set_quality(&compress_, kQuality, TRUE);
    // Colour at full resolution (4:4:4).
    compress_.comp_info[0].h_samp_factor = 1;
    compress_.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&compress_, TRUE);
    return true;
  }

  bool try_write_row(std::uint8_t* row) {
    if (setjmp(errors_.resume) != 0) return false;
    jpeg_write_scanlines(&compress_, &row, 1);
    return true;
  }

  bool try_finish() {
    if (setjmp(errors_.resume) != 0) return false;
    jpeg_finish_compress(&compress_);
    return true;
  }

  jpeg_compress_struct compress_{};
  ErrorState errors_{};
};

// One sample as 8 bits.
unsigned sample(const engine::Image& image, std::size_t index) {
  if (image.bits() == 8) return image.bytes()[index];
  std::uint16_t value = 0;
  std::memcpy(&value, image.bytes().data() + 2 * index, sizeof value);
  return (value * 255U + 32767U) / 65535U;
}

// Row `y` as R, G, B or grey, with alpha dropped onto white.
void flatten_row(const engine::Image& image, std::size_t y, std::size_t colours,
                 std::vector<std::uint8_t>& row) {
  const auto stored = static_cast<std::size_t>(image.channels());
  if (image.bits() == 8 && !image.has_alpha()) {
    std::memcpy(row.data(), image.bytes().data() + y * image.row_bytes(), image.row_bytes());
    return;
  }
  const auto width = static_cast<std::size_t>(image.width());
  for (std::size_t x = 0; x < width; ++x) {
    const std::size_t pixel = (y * width + x) * stored;
    const unsigned alpha = image.has_alpha() ? sample(image, pixel + stored - 1) : 255;
    for (std::size_t c = 0; c < colours; ++c) {
      const unsigned over_white = sample(image, pixel + c) * alpha + 255 * (255 - alpha);
      row[x * colours + c] = static_cast<std::uint8_t>((over_white + 127) / 255);
    }
  }
}

}  // namespace

ImageInfo read_jpeg_header(std::FILE* stream, const Limits& limits) {
  Decoder decoder(stream);
  decoder.read_header();
  check_limits(decoder.width(), decoder.height(), limits);
  ImageInfo info{ImageFormat::kJpeg, decoder.width(), decoder.height(), decoder.channels(), 8};
  if (swaps_sides(decoder.orientation())) std::swap(info.width, info.height);
  return info;
}

engine::Image decode_jpeg(std::FILE* stream, const Limits& limits) {
  const std::int64_t file_bytes = size_bytes(stream);
  Decoder decoder(stream);
  decoder.read_header();
  check_limits(decoder.width(), decoder.height(), limits);
  if (std::int64_t{decoder.width()} * decoder.height() / kMaximumPixelsPerByte > file_bytes) {
    throw bad_image("it ends too early");
  }
  OrientedImage picture(decoder.width(), decoder.height(), decoder.channels(), 8, decoder.orientation());
  decoder.start();
  if (picture.is_upright() && !decoder.is_cmyk()) {
    read_straight(decoder, picture.image());
  } else {
    read_in_blocks(decoder, picture);
  }
  decoder.finish();
  return std::move(picture).take();
}

void write_jpeg(const std::filesystem::path& file, const engine::Image& image) {
  const std::size_t colours = image.channels() <= 2 ? 1 : 3;
  Stream stream = open_for_writing(file);
  {
    Encoder encoder(stream.get(), image.width(), image.height(), static_cast<int>(colours));
    std::vector<std::uint8_t> row(static_cast<std::size_t>(image.width()) * colours);
    for (std::size_t y = 0; y < static_cast<std::size_t>(image.height()); ++y) {
      flatten_row(image, y, colours, row);
      encoder.write_row(row.data());
    }
    encoder.finish();
  }
  finish_writing(std::move(stream));
}

}  // namespace inpaint::media
