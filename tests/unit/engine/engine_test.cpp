#include "engine/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "engine/pixels.h"

namespace inpaint::engine {
namespace {

const std::vector<std::string> kRepairingModels = {"default_inpainting", "telea", "navier-stokes"};

std::size_t index_of(const Image& image, int x, int y, int channel) {
  return static_cast<std::size_t>((y * image.width() + x) * image.channels() + channel);
}

// A smooth slope in every channel, alpha included, so that a good filling is close to what was there.
Image slope(int width, int height, int channels, int bits) {
  Image image(width, height, channels, bits);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int channel = 0; channel < channels; ++channel) {
        const int value = (40 + 30 * channel + 60 * x / width + 40 * y / height) * (bits == 16 ? 257 : 1);
        set_sample(image, index_of(image, x, y, channel), static_cast<std::uint32_t>(value));
      }
    }
  }
  return image;
}

Mask no_hole(const Image& image) {
  const auto pixels = static_cast<std::size_t>(image.width()) * static_cast<std::size_t>(image.height());
  return {image.width(), image.height(), std::vector<std::uint8_t>(pixels)};
}

void cut(Mask& mask, int x, int y, int width, int height) {
  for (int row = y; row < y + height; ++row) {
    std::fill_n(mask.pixels.begin() + row * mask.width + x, width, 255);
  }
}

Mask hole(const Image& image, int x, int y, int width, int height) {
  Mask mask = no_hole(image);
  cut(mask, x, y, width, height);
  return mask;
}

// The picture with the hole's colours (not its alpha) overwritten.
Image damaged(const Image& image, const Mask& mask, std::uint32_t value) {
  Image result = image;
  for (std::size_t pixel = 0; pixel < mask.pixels.size(); ++pixel) {
    if (mask.pixels[pixel] == 0) continue;
    for (std::size_t channel = 0; channel < colour_channels(image); ++channel) {
      set_sample(result, pixel * static_cast<std::size_t>(image.channels()) + channel, value);
    }
  }
  return result;
}

Image repair(std::string_view model, const Image& image, const Mask& mask,
             const Parameters& parameters = {}) {
  return inpaint(model, image, mask, parameters, nullptr, CancelToken());
}

bool same(const Image& a, const Image& b) {
  return a.width() == b.width() && a.channels() == b.channels() && a.bits() == b.bits() &&
         std::ranges::equal(a.bytes(), b.bytes());
}

// OpenCV's version of Telea's method rounds up, so that it brightens by a step every few pixels.
void expect_flat(const Image& image, int value, int tolerance, const std::string& what) {
  const auto [darkest, lightest] = std::ranges::minmax(image.bytes());
  EXPECT_GE(darkest, value - tolerance) << what;
  EXPECT_LE(lightest, value + tolerance) << what;
}

std::string code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

class EveryKind : public testing::TestWithParam<std::tuple<int, int, std::string>> {};

// In a hole inside, at an edge and at a corner: colours come back, everything else stays bit by bit.
TEST_P(EveryKind, IsRepairedInsideTheHoleAndUntouchedOutside) {
  const auto& [channels, bits, model] = GetParam();
  const Image truth = slope(90, 70, channels, bits);
  Mask mask = hole(truth, 40, 30, 9, 7);
  cut(mask, 80, 10, 10, 8);
  cut(mask, 0, 0, 6, 6);
  const Image input = damaged(truth, mask, white(truth));
  const Image result = repair(model, input, mask);
  ASSERT_EQ(result.channels(), channels);
  ASSERT_EQ(result.bits(), bits);
  const int tolerance = 12 * (bits == 16 ? 257 : 1);
  for (std::size_t pixel = 0; pixel < mask.pixels.size(); ++pixel) {
    for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel) {
      const std::size_t index = pixel * static_cast<std::size_t>(channels) + channel;
      if (mask.pixels[pixel] == 0 || channel >= colour_channels(truth)) {
        ASSERT_EQ(sample_at(result, index), sample_at(input, index)) << "pixel " << pixel;
      } else {
        ASSERT_NEAR(sample_at(result, index), sample_at(truth, index), tolerance) << "pixel " << pixel;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engine, EveryKind,
                         testing::Combine(testing::Values(1, 2, 3, 4), testing::Values(8, 16),
                                          testing::ValuesIn(kRepairingModels)),
                         [](const auto& test) {
                           std::string model = std::get<2>(test.param);
                           std::erase(model, '-');
                           return std::to_string(std::get<0>(test.param)) + "x" +
                                  std::to_string(std::get<1>(test.param)) + "_" + model;
                         });

TEST(EngineTest, EveryModelIsListedAndFound) {
  ASSERT_EQ(models().size(), 4u);
  const Image image = slope(8, 8, 3, 8);
  for (const Model& model : models()) {
    EXPECT_TRUE(is_model(model.id));
    EXPECT_FALSE(model.description.empty());
    EXPECT_EQ(code_of([&] { repair(model.id, image, hole(image, 2, 2, 2, 2)); }), "");
  }
  for (const std::string model : {"", "Telea", "telea ", "no-such-model"}) {
    EXPECT_FALSE(is_model(model));
    EXPECT_EQ(code_of([&] { repair(model, image, no_hole(image)); }), "UNKNOWN_MODEL");
  }
}

TEST(EngineTest, AnEmptyMaskReturnsTheInput) {
  const Image image = slope(33, 21, 4, 16);
  for (const Model& model : models()) {
    std::vector<double> reported;
    const auto note = [&](double fraction) { reported.push_back(fraction); };
    EXPECT_TRUE(same(inpaint(model.id, image, no_hole(image), {}, note, CancelToken()), image));
    for (const double fraction : reported) EXPECT_TRUE(fraction >= 0 && fraction <= 1);
  }
}

TEST(EngineTest, AFullMaskIsRefusedWithAClearSentence) {
  for (const auto& [width, height] : {std::pair(20, 10), std::pair(1, 1), std::pair(200, 100)}) {
    const Image image = slope(width, height, 3, 8);
    const Mask mask = hole(image, 0, 0, width, height);
    EXPECT_EQ(code_of([&] { repair("telea", image, mask); }), "MASK_COVERS_EVERYTHING");
  }
}

TEST(EngineTest, AMaskOfAnotherSizeIsRefused) {
  const Image image = slope(20, 10, 3, 8);
  for (const auto& [width, height] : {std::pair(10, 20), std::pair(20, 11), std::pair(19, 10)}) {
    const Mask mask = no_hole(slope(width, height, 1, 8));
    EXPECT_EQ(code_of([&] { repair("telea", image, mask); }), "MASK_SIZE_MISMATCH");
  }
}

// One known pixel, far from most of the hole, still decides all of it.
TEST(EngineTest, AlmostNothingLeftIsEnough) {
  for (const std::string& model : kRepairingModels) {
    Image image(150, 110, 3, 8);
    std::ranges::fill(image.bytes(), 77);
    Mask mask = hole(image, 0, 0, 150, 110);
    mask.pixels[0] = 0;
    const Image result = repair(model, damaged(image, mask, 255), mask);
    expect_flat(result, 77, 24, model);
  }
}

TEST(EngineTest, PicturesOfAFewPixels) {
  for (const std::string& model : kRepairingModels) {
    for (const auto& [width, height] :
         {std::pair(2, 1), std::pair(1, 2), std::pair(2, 2), std::pair(1, 40)}) {
      Image image(width, height, 3, 8);
      std::ranges::fill(image.bytes(), 90);
      const Mask mask = hole(image, width - 1, height - 1, 1, 1);
      expect_flat(repair(model, damaged(image, mask, 0), mask), 90, 2,
                  model + " " + std::to_string(width) + "x" + std::to_string(height));
    }
  }
}

// What a hole held must not leak into its filling.
TEST(EngineTest, TheFillingDoesNotDependOnWhatTheHoleHeld) {
  const Image truth = slope(120, 90, 3, 8);
  const Mask mask = hole(truth, 50, 40, 30, 20);
  for (const std::string& model : kRepairingModels) {
    EXPECT_TRUE(
        same(repair(model, damaged(truth, mask, 0), mask), repair(model, damaged(truth, mask, 255), mask)))
        << model;
  }
}

TEST(EngineTest, TheSameInputGivesTheSameBytes) {
  const Image image = slope(200, 150, 3, 8);
  const Mask mask = hole(image, 50, 40, 60, 50);
  for (const Model& model : models()) {
    EXPECT_TRUE(same(repair(model.id, image, mask), repair(model.id, image, mask))) << model.id;
  }
}

TEST(EngineTest, BlendModesTakeTheLighterOrTheDarker) {
  const Image truth = slope(60, 60, 3, 8);
  const Mask mask = hole(truth, 20, 20, 20, 20);
  Image input = damaged(truth, mask, 0);
  for (int y = 20; y < 30; ++y) {
    for (int x = 20; x < 40; ++x) {
      for (int channel = 0; channel < 3; ++channel) set_sample(input, index_of(input, x, y, channel), 255);
    }
  }
  const Image normal = repair("telea", input, mask);
  const Image lighten = repair("telea", input, mask, {.blend_mode = BlendMode::kLighten});
  const Image darken = repair("telea", input, mask, {.blend_mode = BlendMode::kDarken});
  for (std::size_t i = 0; i < input.bytes().size(); ++i) {
    ASSERT_EQ(lighten.bytes()[i], std::max(input.bytes()[i], normal.bytes()[i]));
    ASSERT_EQ(darken.bytes()[i], std::min(input.bytes()[i], normal.bytes()[i]));
  }
  EXPECT_FALSE(same(lighten, normal));
  EXPECT_FALSE(same(darken, normal));
}

// Rings that narrow outwards give the methods something to disagree on.
TEST(EngineTest, QualityMatters) {
  Image image(100, 100, 3, 8);
  for (std::size_t i = 0; i < image.bytes().size(); ++i) {
    const std::size_t x = i / 3 % 100;
    const std::size_t y = i / 300;
    image.bytes()[i] = static_cast<std::uint8_t>((x * x + y * y) / 500 % 2 == 0 ? 40 : 200);
  }
  const Mask mask = hole(image, 40, 40, 20, 20);
  for (const std::string& model : kRepairingModels) {
    const Image low = repair(model, image, mask, {.quality = Quality::kLow});
    const Image medium = repair(model, image, mask, {.quality = Quality::kMedium});
    const Image high = repair(model, image, mask, {.quality = Quality::kHigh});
    EXPECT_FALSE(same(low, medium)) << model;
    EXPECT_FALSE(same(medium, high)) << model;
  }
}

TEST(EngineTest, OverlayShowsTheMaskAtHalfTransparency) {
  for (const int bits : {8, 16}) {
    const Image image = slope(30, 20, 4, bits);
    const Mask mask = hole(image, 10, 5, 7, 6);
    const Image result = repair("overlay", image, mask);
    for (std::size_t i = 0; i < mask.pixels.size() * 4; ++i) {
      const std::uint32_t before = sample_at(image, i);
      const bool changed = mask.pixels[i / 4] != 0 && i % 4 != 3;
      ASSERT_EQ(sample_at(result, i), changed ? (before + white(image)) / 2 : before);
    }
  }
}

TEST(EngineTest, ProgressGoesForwardToOne) {
  const Image image = slope(600, 400, 3, 8);
  Mask mask = hole(image, 10, 10, 30, 30);
  for (int i = 1; i < 5; ++i) cut(mask, 110 * i, 60 * i, 20 + 5 * i, 25);
  std::vector<double> reported;
  inpaint(
      "telea", image, mask, {}, [&](double fraction) { reported.push_back(fraction); }, CancelToken());
  EXPECT_GE(reported.size(), 5u);
  EXPECT_TRUE(std::ranges::is_sorted(reported));
  EXPECT_GT(reported.front(), 0);
  EXPECT_LT(reported.front(), 0.5);
  EXPECT_DOUBLE_EQ(reported.back(), 1);
}

TEST(EngineTest, CancelledBeforeItBegins) {
  const Image image = slope(60, 60, 3, 8);
  CancelToken cancel;
  cancel.cancel();
  const Mask mask = hole(image, 10, 10, 10, 10);
  EXPECT_EQ(code_of([&] { inpaint("telea", image, mask, {}, nullptr, cancel); }), "CANCELLED");
  EXPECT_EQ(code_of([&] { inpaint("telea", image, no_hole(image), {}, nullptr, cancel); }), "CANCELLED");
}

TEST(EngineTest, CancelledBetweenTwoRegionsItStopsThere) {
  const Image image = slope(600, 400, 3, 8);
  Mask mask = hole(image, 10, 10, 30, 30);
  cut(mask, 300, 200, 30, 30);
  CancelToken cancel;
  int reports = 0;
  const auto stop = [&](double) {
    ++reports;
    cancel.cancel();
  };
  EXPECT_EQ(code_of([&] { inpaint("telea", image, mask, {}, stop, cancel); }), "CANCELLED");
  EXPECT_EQ(reports, 1);
}

// A small hole costs the copy of the picture and little more, not the filling method's work over all of it.
TEST(EngineTest, ASmallHoleInALargePictureIsFast) {
  if (INPAINT_SANITIZED) GTEST_SKIP() << "measures time";
  const Image image = slope(6000, 4000, 3, 8);
  const Mask mask = hole(image, 3000, 2000, 10, 10);
  const auto cpu_seconds = [](const auto& work) {
    const std::clock_t start = std::clock();
    work();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  Image copy;
  const double copying = cpu_seconds([&] {
    copy = image;
    for (const std::uint8_t value : mask.pixels) copy.bytes()[0] ^= value;
  });
  for (const std::string& model : kRepairingModels) {
    EXPECT_LT(cpu_seconds([&] { repair(model, image, mask); }), 0.05 + 10 * copying) << model;
  }
}

}  // namespace
}  // namespace inpaint::engine
