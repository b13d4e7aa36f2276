#include "inferences/in_process_backend.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "unit/temporary_directory.h"

namespace inpaint::inferences {
namespace {

// A grey picture with a black square in its middle, which the mask marks.
class InProcessBackendTest : public testing::Test {
 protected:
  static constexpr int kSize = 32;

  void SetUp() override {
    engine::Image image(kSize, kSize, 3, 8);
    std::ranges::fill(image.bytes(), std::uint8_t{128});
    engine::Mask mask{kSize, kSize, std::vector<std::uint8_t>(kSize * kSize)};
    for (int y = 12; y < 20; ++y) {
      for (int x = 12; x < 20; ++x) {
        const auto pixel = static_cast<std::size_t>(y * kSize + x);
        mask.pixels[pixel] = 255;
        std::fill_n(image.bytes().begin() + static_cast<std::ptrdiff_t>(pixel * 3), 3, std::uint8_t{0});
      }
    }
    media::write_png(task_.image, image);
    media::write_mask(task_.mask, mask);
  }

  void process() {
    backend_.process(
        task_, [](double) {}, engine::CancelToken());
  }

  test::TemporaryDirectory directory_;
  InProcessBackend backend_{media::Limits{}};
  Task task_{directory_.path() / "image.png",
             directory_.path() / "mask.png",
             "telea",
             {},
             directory_.path() / "output",
             ""};
};

TEST_F(InProcessBackendTest, FillsTheHole) {
  process();
  EXPECT_EQ(media::detect_format(task_.output), media::ImageFormat::kPng);
  const engine::Image result = media::read_image(task_.output, media::Limits{});
  EXPECT_GT(*std::ranges::min_element(result.bytes()), 100);
}

TEST_F(InProcessBackendTest, WritesTheFormatAskedFor) {
  task_.parameters.output_format = OutputFormat::kJpeg;
  process();
  EXPECT_EQ(media::detect_format(task_.output), media::ImageFormat::kJpeg);
}

TEST_F(InProcessBackendTest, RefusesAMaskOfAnotherSize) {
  media::write_mask(task_.mask, engine::Mask{2, 2, std::vector<std::uint8_t>(4)});
  try {
    process();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "MASK_SIZE_MISMATCH");
  }
}

TEST_F(InProcessBackendTest, StopsWhenCancelled) {
  engine::CancelToken cancel;
  cancel.cancel();
  try {
    backend_.process(
        task_, [](double) {}, cancel);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "CANCELLED");
  }
}

}  // namespace
}  // namespace inpaint::inferences
