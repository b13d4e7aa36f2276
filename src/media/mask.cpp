#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "media/codecs.h"
#include "media/stream.h"
#include "media/video.h"

namespace inpaint::media {
namespace {

constexpr std::string_view kWanted =
    "A mask must be black where the picture is kept and white where it is filled, with nothing in between.";

Error not_binary(const std::string& found) {
  return invalid("MASK_NOT_BINARY", "The mask is not binary: " + found + ". " + std::string(kWanted));
}

// "3.1 %"; never "0.0 %" for something that is there.
std::string percent(std::int64_t count, std::int64_t total) {
  const std::int64_t tenths = std::max<std::int64_t>(1, (count * 1000 + total / 2) / total);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

// What the pixels of a losslessly stored mask are.
struct Census {
  std::int64_t pixels = 0;
  std::int64_t grey = 0;      // neither black nor white, channels equal
  std::int64_t coloured = 0;  // channels differ
  std::int64_t opaque = 0;
  std::int64_t transparent = 0;
  int largest_sample = 0;
  bool one_colour = true;
  bool opaque_is_black = true;
};

template <typename Sample>
class MaskReader {
 public:
  static constexpr int kFull = sizeof(Sample) == 1 ? 255 : 65535;

  explicit MaskReader(const engine::Image& image)
      : image_(image),
        samples_(static_cast<std::size_t>(image.channels())),
        colours_(samples_ - (image.has_alpha() ? 1 : 0)),
        count_(static_cast<std::size_t>(image.width()) * static_cast<std::size_t>(image.height())) {}

  // The fast way for what nearly every mask is: opaque, black and white.
  std::optional<engine::Mask> black_and_white() const {
    engine::Mask mask = blank();
    bool binary = true;
    for (std::size_t i = 0; i < count_ && binary; ++i) {
      const int first = sample(i, 0);
      binary = first == 0 || first == kFull;
      for (std::size_t c = 1; c < colours_; ++c) binary = binary && sample(i, c) == first;
      if (image_.has_alpha()) binary = binary && alpha(i) == kFull;
      mask.pixels[i] = first == 0 ? 0 : 255;
    }
    if (!binary) return std::nullopt;
    return mask;
  }

  Census census() const {
    Census found;
    found.pixels = static_cast<std::int64_t>(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      bool channels_agree = true, black = true;
      for (std::size_t c = 0; c < colours_; ++c) {
        const int value = sample(i, c);
        channels_agree = channels_agree && value == sample(i, 0);
        black = black && value == 0;
        found.one_colour = found.one_colour && value == sample(0, c);
        found.largest_sample = std::max(found.largest_sample, value);
      }
      if (!channels_agree) {
        ++found.coloured;
      } else if (sample(i, 0) != 0 && sample(i, 0) != kFull) {
        ++found.grey;
      }
      if (alpha(i) == kFull) {
        ++found.opaque;
        found.opaque_is_black = found.opaque_is_black && black;
      } else if (alpha(i) == 0) {
        ++found.transparent;
      }
    }
    return found;
  }

  engine::Mask from_alpha() const {
    engine::Mask mask = blank();
    for (std::size_t i = 0; i < count_; ++i) mask.pixels[i] = alpha(i) == 0 ? 255 : 0;
    return mask;
  }

 private:
  engine::Mask blank() const { return {image_.width(), image_.height(), std::vector<std::uint8_t>(count_)}; }
  int sample(std::size_t pixel, std::size_t channel) const {
    Sample value;
    std::memcpy(&value, image_.bytes().data() + (pixel * samples_ + channel) * sizeof(Sample), sizeof value);
    return value;
  }
  int alpha(std::size_t pixel) const { return image_.has_alpha() ? sample(pixel, colours_) : kFull; }

  const engine::Image& image_;
  std::size_t samples_;
  std::size_t colours_;
  std::size_t count_;
};

Error describe_opaque(const Census& found, int full) {
  if (found.coloured > 0)
    return not_binary(percent(found.coloured, found.pixels) + " of its pixels are coloured");
  if (found.largest_sample == 1) {
    return not_binary("its values are 0 and 1, and 1 is almost black; white is " + std::to_string(full));
  }
  return not_binary(percent(found.grey, found.pixels) + " of its pixels are grey");
}

template <typename Sample>
engine::Mask lossless_mask(const engine::Image& image) {
  const MaskReader<Sample> reader(image);
  if (auto mask = reader.black_and_white()) return *std::move(mask);
  const Census found = reader.census();
  if (found.opaque == found.pixels) throw describe_opaque(found, MaskReader<Sample>::kFull);
  const std::int64_t translucent = found.pixels - found.opaque - found.transparent;
  if (translucent > 0) {
    throw not_binary(percent(translucent, found.pixels) +
                     " of its pixels are half transparent; a mask made of transparency must be opaque where "
                     "the picture is kept and fully transparent where it is filled");
  }
  if (!found.one_colour && !found.opaque_is_black) {
    throw not_binary("it has both colours and transparency, which contradict each other; use one of them");
  }
  return reader.from_alpha();
}

// Places where black meets white, to the right and below.
std::int64_t edge_places(const engine::Mask& mask) {
  const std::size_t width = static_cast<std::size_t>(mask.width);
  std::int64_t places = 0;
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
    if ((i + 1) % width != 0) places += mask.pixels[i] != mask.pixels[i + 1];
    if (i + width < mask.pixels.size()) places += mask.pixels[i] != mask.pixels[i + width];
  }
  return places;
}

// How far a codec that loses information may move the pixels of a mask.
struct Tolerance {
  int sample;                             // from 0 or 255
  int channels;                           // the channels of a grey pixel from each other
  std::int64_t edge_places_a_grey_pixel;  // so many for one pixel that is further off than `sample`
};
constexpr Tolerance kJpegTolerance{48, 16, 10};
constexpr Tolerance kVideoTolerance{64, 16, 10};

engine::Mask lossy_mask(const engine::Image& image, const Tolerance& tolerance) {
  const std::size_t channels = static_cast<std::size_t>(image.channels());
  const std::span<const std::uint8_t> samples = image.bytes();
  engine::Mask mask{image.width(), image.height(), std::vector<std::uint8_t>(samples.size() / channels)};
  std::int64_t grey = 0, coloured = 0;
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
    const auto pixel = samples.subspan(i * channels, channels);
    const auto [low, high] = std::ranges::minmax(pixel);
    coloured += high - low > tolerance.channels;
    grey += high > tolerance.sample && low < 255 - tolerance.sample;
    mask.pixels[i] = (low + high) / 2 >= 128 ? 255 : 0;
  }
  const std::int64_t pixels = static_cast<std::int64_t>(mask.pixels.size());
  if (coloured > 0) throw not_binary(percent(coloured, pixels) + " of its pixels are coloured");
  if (grey > 0 && grey * tolerance.edge_places_a_grey_pixel > edge_places(mask)) {
    throw not_binary(percent(grey, pixels) + " of its pixels are grey, more than compression makes");
  }
  return mask;
}

engine::Mask decode_mask(std::FILE* stream, const Limits& limits) {
  if (detect_format(stream) == ImageFormat::kJpeg)
    return lossy_mask(decode_jpeg(stream, limits), kJpegTolerance);
  const engine::Image image = decode_png(stream, limits);
  return image.bits() == 8 ? lossless_mask<std::uint8_t>(image) : lossless_mask<std::uint16_t>(image);
}

}  // namespace

engine::Mask read_mask(const std::filesystem::path& file, const Limits& limits) {
  return decode_mask(open_for_reading(file).get(), limits);
}

engine::Mask decode_mask(std::span<const std::uint8_t> file_bytes, const Limits& limits) {
  return decode_mask(open_memory(file_bytes).get(), limits);
}

engine::Mask mask_of_frame(const engine::Image& image, std::int64_t frame) {
  try {
    return lossy_mask(image, kVideoTolerance);
  } catch (const Error& error) {
    throw Error(error.kind(), error.code(),
                "Frame " + std::to_string(frame) + " of the mask video: " + error.what());
  }
}

}  // namespace inpaint::media
