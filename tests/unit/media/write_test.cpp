#include <cstring>

#include "media/media.h"
#include "unit/media/fixtures.h"
#include "unit/temporary_directory.h"

namespace inpaint::media {
namespace {

using test::code_of;
using test::fixture;

class WriteTest : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return directory_.path() / name; }

  inpaint::test::TemporaryDirectory directory_;
};

TEST_F(WriteTest, PngKeepsEverySample) {
  for (const int bits : {8, 16}) {
    for (int channels = 1; channels <= 4; ++channels) {
      engine::Image image(17, 9, channels, bits);
      unsigned value = 1;
      for (std::uint8_t& byte : image.bytes()) byte = static_cast<std::uint8_t>(value = value * 75 % 65537);
      write_png(file("a.png"), image);
      const engine::Image read = read_image(file("a.png"), Limits());
      EXPECT_EQ(read.width(), 17);
      EXPECT_EQ(read.channels(), channels);
      EXPECT_EQ(read.bits(), bits);
      EXPECT_TRUE(std::ranges::equal(read.bytes(), image.bytes())) << bits << " bits, " << channels;
    }
  }
}

TEST_F(WriteTest, JpegIsCloseAndKeepsColourAtFullResolution) {
  const engine::Image image = read_image(fixture("turned/1.png"), Limits());
  write_jpeg(file("a.jpg"), image);
  EXPECT_EQ(detect_format(file("a.jpg")), ImageFormat::kJpeg);
  const engine::Image read = read_image(file("a.jpg"), Limits());
  ASSERT_EQ(read.bytes().size(), image.bytes().size());
  // Also beside the edges, which subsampled colour would blur.
  for (std::size_t i = 0; i < image.bytes().size(); ++i) {
    ASSERT_NEAR(read.bytes()[i], image.bytes()[i], 24) << i;
  }
}

TEST_F(WriteTest, JpegShowsAlphaOverWhiteAndReducesDepth) {
  engine::Image image(16, 16, 4, 16);
  for (std::size_t pixel = 0; pixel < 256; ++pixel) {
    const std::uint16_t samples[4] = {65535, 0, 0, static_cast<std::uint16_t>(pixel < 128 ? 65535 : 0)};
    std::memcpy(image.bytes().data() + 8 * pixel, samples, sizeof samples);
  }
  write_jpeg(file("a.jpg"), image);
  const engine::Image read = read_image(file("a.jpg"), Limits());
  ASSERT_EQ(read.channels(), 3);
  EXPECT_NEAR(read.bytes()[0], 255, 8);
  EXPECT_NEAR(read.bytes()[1], 0, 8);
  EXPECT_NEAR(read.bytes()[3 * 255 + 1], 255, 8);
}

TEST_F(WriteTest, GreyJpegStaysGrey) {
  for (const int channels : {1, 2}) {
    write_jpeg(file("a.jpg"), engine::Image(8, 8, channels, 8));
    EXPECT_EQ(read_image(file("a.jpg"), Limits()).channels(), 1);
  }
}

TEST_F(WriteTest, ReplacesWhatWasThere) {
  std::ofstream(file("a.png")) << std::string(100'000, 'x');
  write_png(file("a.png"), engine::Image(2, 2, 1, 8));
  EXPECT_LT(std::filesystem::file_size(file("a.png")), 200u);
}

TEST_F(WriteTest, ADiskThatDoesNotTakeItIsTold) {
  engine::Image image(600, 600, 3, 8);
  unsigned value = 1;
  for (std::uint8_t& byte : image.bytes()) byte = static_cast<std::uint8_t>(value = value * 75 % 65537);
  const auto expect = [&](const std::filesystem::path& place, const std::string& code) {
    EXPECT_EQ(code_of([&] { write_png(place, image); }), code) << place;
    EXPECT_EQ(code_of([&] { write_jpeg(place, image); }), code) << place;
    EXPECT_EQ(code_of([&] { write_mask(place, {8, 8, std::vector<std::uint8_t>(64)}); }), code) << place;
  };
  expect("/dev/full", "STORAGE_FULL");
  expect(file("absent/a.png"), "STORAGE_UNAVAILABLE");
}

}  // namespace
}  // namespace inpaint::media
