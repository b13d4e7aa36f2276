#include <chrono>
#include <functional>

#include "media/media.h"
#include "unit/media/fixtures.h"
#include "unit/media/peak_memory.h"

namespace inpaint::media {
namespace {

using test::code_of;
using test::expect_peak_below;
using test::fixture;

TEST(BombTest, trap_F3_fifty_thousand_squared_is_refused_by_its_header) {
  const auto bomb = fixture("bombs/50000x50000.png");
  EXPECT_EQ(code_of([&] { read_header(bomb, Limits()); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_image(bomb, Limits()); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_mask(bomb, Limits()); }), "IMAGE_TOO_LARGE");
  expect_peak_below(4, [&] { read_image(bomb, Limits()); });
}

TEST(BombTest, trap_F3_a_file_too_small_for_its_header_is_refused_before_memory_is_taken) {
  const Limits generous{.maximum_pixels = 10'000'000'000};
  for (const std::string name : {"bombs/50000x50000.png", "bombs/9000x9000.jpg"}) {
    EXPECT_EQ(code_of([&] { read_image(fixture(name), generous); }), "BAD_IMAGE") << name;
    EXPECT_EQ(code_of([&] { read_mask(fixture(name), generous); }), "BAD_IMAGE") << name;
    expect_peak_below(4, [&] { read_image(fixture(name), generous); });
  }
}

// 61 KiB that are a true picture of 64 million grey pixels: its size in memory and little more.
TEST(BombTest, trap_F3_eight_thousand_squared_costs_its_pixels_only) {
  const auto bomb = fixture("bombs/8000x8000.png");
  ASSERT_LT(std::filesystem::file_size(bomb), 64u * 1024u);
  const auto start = std::chrono::steady_clock::now();
  const engine::Image image = read_image(bomb, Limits());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5 * test::kShadow));
  EXPECT_EQ(image.width(), 8000);
  EXPECT_EQ(image.channels(), 1);
  expect_peak_below(72, [&] { read_image(bomb, Limits()); });
  // The decoded picture and the mask made of it.
  expect_peak_below(136, [&] { read_mask(bomb, Limits()); });
}

TEST(BombTest, TheLimitsAreOfPixelsAndOfSides) {
  const auto picture = fixture("turned/1.png");  // 48x32
  EXPECT_EQ(code_of([&] { read_image(picture, {.maximum_pixels = 1536, .maximum_side = 48}); }), "");
  EXPECT_EQ(code_of([&] { read_image(picture, {.maximum_pixels = 1535}); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_image(picture, {.maximum_side = 47}); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_header(picture, {.maximum_side = 47}); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_image(fixture("turned/1.jpg"), {.maximum_pixels = 1535}); }),
            "IMAGE_TOO_LARGE");
}

}  // namespace
}  // namespace inpaint::media
