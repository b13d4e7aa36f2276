#include <cstdlib>
#include <cstring>

#include "media/exif.h"
#include "media/media.h"
#include "unit/media/fixtures.h"
#include "unit/temporary_directory.h"

namespace inpaint::media {
namespace {

using test::code_of;
using test::fixture;
using test::fixture_bytes;

engine::Image read(const std::string& name) {
  return read_image(fixture(name), Limits());
}

int sample_at(const engine::Image& image, int x, int y, int channel) {
  const auto index = static_cast<std::size_t>((y * image.width() + x) * image.channels() + channel);
  if (image.bits() == 8) return image.bytes()[index];
  std::uint16_t value = 0;
  std::memcpy(&value, image.bytes().data() + 2 * index, sizeof value);
  return value;
}

// As make.py stores it, brought to 8 bits when it was stored with fewer.
int stored_sample(int x, int y, int channel, int depth) {
  if (depth == 16) return 5000 * x + 700 * y + 123 * channel + 1;
  const int full = (1 << depth) - 1;
  return ((51 * x + 23 * y + 7 * channel) & full) * 255 / full;
}

struct ImageKind {
  const char* name;
  int depth;
  int channels;
};

class EveryKind : public testing::TestWithParam<ImageKind> {};

TEST_P(EveryKind, IsReadSampleBySample) {
  const auto [name, depth, channels] = GetParam();
  for (const std::string suffix : {".png", "_interlaced.png"}) {
    const engine::Image image = read("kinds/" + std::string(name) + suffix);
    ASSERT_EQ(image.width(), 5);
    ASSERT_EQ(image.height(), 3);
    ASSERT_EQ(image.channels(), channels);
    ASSERT_EQ(image.bits(), depth == 16 ? 16 : 8);
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 5; ++x) {
        for (int channel = 0; channel < channels; ++channel) {
          EXPECT_EQ(sample_at(image, x, y, channel), stored_sample(x, y, channel, depth))
              << suffix << " " << x << " " << y << " " << channel;
        }
      }
    }
    const ImageInfo info = read_header(fixture("kinds/" + std::string(name) + suffix), Limits());
    EXPECT_EQ(info.format, ImageFormat::kPng);
    EXPECT_EQ(info.channels, channels);
    EXPECT_EQ(info.bits, image.bits());
  }
}

INSTANTIATE_TEST_SUITE_P(Png, EveryKind,
                         testing::Values(ImageKind{"grey_1", 1, 1}, ImageKind{"grey_2", 2, 1},
                                         ImageKind{"grey_4", 4, 1}, ImageKind{"grey_8", 8, 1},
                                         ImageKind{"grey_16", 16, 1}, ImageKind{"grey_alpha_8", 8, 2},
                                         ImageKind{"grey_alpha_16", 16, 2}, ImageKind{"rgb_8", 8, 3},
                                         ImageKind{"rgb_16", 16, 3}, ImageKind{"rgb_alpha_8", 8, 4},
                                         ImageKind{"rgb_alpha_16", 16, 4}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(PngTest, PalettesAreExpanded) {
  const engine::Image image = read("kinds/palette_4.png");
  ASSERT_EQ(image.channels(), 3);
  const engine::Image fading = read("kinds/palette_4_alpha.png");
  ASSERT_EQ(fading.channels(), 4);
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 5; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        EXPECT_EQ(sample_at(image, x, y, channel), 3 * (x + y) + channel);
        EXPECT_EQ(sample_at(fading, x, y, channel), 3 * (x + y) + channel);
      }
      EXPECT_EQ(sample_at(fading, x, y, 3), x + y < 4 ? 255 - 30 * (x + y) : 255);
    }
  }
}

TEST(PngTest, ATransparentColourBecomesAlpha) {
  for (const std::string name : {"grey_8", "grey_16", "rgb_8", "rgb_16"}) {
    const engine::Image plain = read("kinds/" + name + ".png");
    const engine::Image image = read("kinds/" + name + "_key.png");
    ASSERT_TRUE(image.has_alpha()) << name;
    ASSERT_EQ(image.channels(), plain.channels() + 1);
    ASSERT_EQ(image.bits(), plain.bits());
    const int opaque = plain.bits() == 16 ? 65535 : 255;
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 5; ++x) {
        EXPECT_EQ(sample_at(image, x, y, plain.channels()), x == 0 && y == 0 ? 0 : opaque) << name;
        for (int channel = 0; channel < plain.channels(); ++channel) {
          EXPECT_EQ(sample_at(image, x, y, channel), sample_at(plain, x, y, channel)) << name;
        }
      }
    }
  }
}

// The picture is make.py's quarters: red, green, blue, white.
void expect_quarters(const engine::Image& image, int tolerance) {
  ASSERT_EQ(image.width(), 48);
  ASSERT_EQ(image.height(), 32);
  ASSERT_EQ(image.channels(), 3);
  const int full = image.bits() == 16 ? 65535 : 255;
  const int wanted[4][3] = {{full, 0, 0}, {0, full, 0}, {0, 0, full}, {full, full, full}};
  for (int quarter = 0; quarter < 4; ++quarter) {
    for (const auto& [x, y] : {std::pair(3, 3), std::pair(20, 12)}) {
      for (int channel = 0; channel < 3; ++channel) {
        EXPECT_NEAR(sample_at(image, 24 * (quarter % 2) + x, 16 * (quarter / 2) + y, channel),
                    wanted[quarter][channel], tolerance)
            << "quarter " << quarter << " channel " << channel;
      }
    }
  }
}

class EveryOrientation : public testing::TestWithParam<int> {};

TEST_P(EveryOrientation, IsShownUpright) {
  const std::string stem = "turned/" + std::to_string(GetParam());
  expect_quarters(read(stem + ".jpg"), 6);
  expect_quarters(read(stem + ".png"), 0);
  for (const std::string suffix : {".jpg", ".png"}) {
    const ImageInfo info = read_header(fixture(stem + suffix), Limits());
    EXPECT_EQ(info.width, 48) << suffix;
    EXPECT_EQ(info.height, 32) << suffix;
  }
}

INSTANTIATE_TEST_SUITE_P(Exif, EveryOrientation, testing::Range(1, 9));

TEST(OrientationTest, InterlacedAndWide) {
  expect_quarters(read("turned/interlaced_16.png"), 0);
}

TEST(OrientationTest, AnOddNoteCountsAsUpright) {
  std::vector<std::uint8_t> tiff = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0,
                                    3,   0,   0, 0,  1, 0, 6, 0, 0, 0, 0, 0,    0};
  ASSERT_EQ(exif_orientation(tiff), Orientation::kRotated90);
  for (std::size_t length = 0; length < 20; ++length) {
    EXPECT_EQ(exif_orientation(std::span(tiff).first(length)), Orientation::kNormal) << length;
  }
  for (const auto& [place, value] :
       {std::pair(0, 'X'), {3, 43}, {7, 200}, {4, 255}, {13, 4}, {19, 9}, {19, 0}}) {
    std::vector<std::uint8_t> odd = tiff;
    odd[static_cast<std::size_t>(place)] = static_cast<std::uint8_t>(value);
    EXPECT_EQ(exif_orientation(odd), Orientation::kNormal) << place;
  }
}

TEST(JpegTest, ProgressiveSubsampledAndCmyk) {
  expect_quarters(read("jpeg/progressive.jpg"), 6);
  expect_quarters(read("jpeg/subsampled.jpg"), 12);
  expect_quarters(read("jpeg/cmyk.jpg"), 12);
}

TEST(JpegTest, GreyStaysGrey) {
  const engine::Image image = read("jpeg/grey.jpg");
  ASSERT_EQ(image.channels(), 1);
  EXPECT_NEAR(sample_at(image, 3, 3, 0), 76, 6);
  EXPECT_NEAR(sample_at(image, 44, 28, 0), 255, 6);
}

TEST(DamageTest, FileAndMemoryAreReadAlike) {
  for (const std::string name : {"turned/6.jpg", "turned/6.png"}) {
    const engine::Image from_file = read(name);
    const engine::Image from_memory = decode_image(fixture_bytes(name), Limits());
    EXPECT_TRUE(std::ranges::equal(from_file.bytes(), from_memory.bytes())) << name;
  }
}

// Of a PNG's last chunk only the name counts: it holds nothing that its checksum could guard.
TEST(DamageTest, EveryTruncationIsRefused) {
  constexpr std::size_t kLastChecksum = 4;
  for (const std::string name : {"turned/1.png", "kinds/rgb_16_interlaced.png", "turned/6.png",
                                 "turned/1.jpg", "turned/6.jpg", "jpeg/progressive.jpg", "jpeg/cmyk.jpg"}) {
    const std::vector<std::uint8_t> whole = fixture_bytes(name);
    const std::size_t end = whole.size() - (name.ends_with("png") ? kLastChecksum : 0);
    for (std::size_t length = 1; length < end; ++length) {
      const auto part = std::span(whole).first(length);
      const std::string code = code_of([&] { decode_image(part, Limits()); });
      EXPECT_TRUE(code == "BAD_IMAGE" || (length < 9 && code == "UNSUPPORTED_FORMAT"))
          << name << " cut after " << length << " of " << whole.size() << " bytes: \"" << code << '"';
    }
  }
}

TEST(DamageTest, AChangedByteInAPngIsRefused) {
  std::vector<std::uint8_t> bytes = fixture_bytes("turned/1.png");
  for (std::size_t place = 8; place < bytes.size(); ++place) {
    bytes[place] ^= 0x40;
    EXPECT_NE(code_of([&] { decode_image(bytes, Limits()); }), "") << place;
    bytes[place] ^= 0x40;
  }
}

TEST(DamageTest, AChangedByteInAJpegNeverGoesUnanswered) {
  std::vector<std::uint8_t> bytes = fixture_bytes("turned/6.jpg");
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    for (const std::uint8_t change : std::vector<std::uint8_t>{0x01, 0x40, 0xff}) {
      bytes[place] ^= change;
      const std::string code = code_of([&] { decode_image(bytes, Limits()); });
      EXPECT_TRUE(code.empty() || code == "BAD_IMAGE" || code == "UNSUPPORTED_FORMAT" ||
                  code == "IMAGE_TOO_LARGE")
          << place << ": " << code;
      bytes[place] ^= change;
    }
  }
}

TEST(DamageTest, WhatIsNoPicture) {
  const inpaint::test::TemporaryDirectory directory;
  const auto code = [&](std::string_view content) {
    std::ofstream(directory.path() / "picture.png", std::ios::binary) << content;
    return code_of([&] { read_image(directory.path() / "picture.png", Limits()); });
  };
  EXPECT_EQ(code(""), "BAD_IMAGE");
  EXPECT_EQ(code("Only a text."), "UNSUPPORTED_FORMAT");
  EXPECT_EQ(code("GIF89a......................."), "UNSUPPORTED_FORMAT");
  EXPECT_EQ(code("\x89PNG\r\n\x1a\n"), "BAD_IMAGE");
  EXPECT_EQ(code("\xff\xd8\xff\xe0"), "BAD_IMAGE");
  EXPECT_EQ(code_of([&] { read_image(directory.path() / "absent.png", Limits()); }), "BAD_IMAGE");
  EXPECT_EQ(code_of([&] { read_image(directory.path(), Limits()); }), "BAD_IMAGE");
  EXPECT_EQ(code_of([&] { read_header(directory.path() / "absent.png", Limits()); }), "BAD_IMAGE");
  EXPECT_EQ(code_of([] { decode_image({}, Limits()); }), "BAD_IMAGE");
}

TEST(FormatTest, ContentDecidesAndTheNameMustAgree) {
  EXPECT_EQ(detect_format(fixture("turned/1.jpg")), ImageFormat::kJpeg);
  EXPECT_EQ(detect_format(fixture("turned/1.png")), ImageFormat::kPng);
  EXPECT_NO_THROW(check_extension("a.b.PNG", ImageFormat::kPng));
  EXPECT_NO_THROW(check_extension("a.JPeG", ImageFormat::kJpeg));
  EXPECT_NO_THROW(check_extension("a.jpg", ImageFormat::kJpeg));
  for (const std::string name : {"a.jpg", "a.gif", "png", "a.", "", "a.png.exe"}) {
    EXPECT_EQ(code_of([&] { check_extension(name, ImageFormat::kPng); }), "UNSUPPORTED_FORMAT") << name;
  }
  EXPECT_EQ(extension(ImageFormat::kJpeg), "jpg");
  EXPECT_EQ(content_type(ImageFormat::kJpeg), "image/jpeg");
  EXPECT_EQ(content_type(ImageFormat::kPng), "image/png");
}

}  // namespace
}  // namespace inpaint::media
