// The engine's own method on what is hard for it, measured on pictures whose truth is known.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/model.h"
#include "engine/pixels.h"

namespace inpaint::engine {
namespace {

using Painter = std::function<int(int x, int y)>;  // 0–255

constexpr std::string_view kModel = "default_inpainting";

Image painted(int width, int height, int channels, int bits, const Painter& painter) {
  Image image(width, height, channels, bits);
  std::size_t index = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int value = painter(x, y) * (bits == 16 ? 257 : 1);
      for (int c = 0; c < channels; ++c) set_sample(image, index++, static_cast<std::uint32_t>(value));
    }
  }
  return image;
}

Mask masked(const Image& image, const std::function<bool(int x, int y)>& is_hole) {
  Mask mask{image.width(), image.height(), {}};
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) mask.pixels.push_back(is_hole(x, y) ? 255 : 0);
  }
  return mask;
}

bool in_box(int x, int y, int left, int top, int width, int height) {
  return x >= left && x < left + width && y >= top && y < top + height;
}

// What lies in the hole is set to black first, so that it cannot help.
Image repaired(const Image& truth, const Mask& mask, const Parameters& parameters = {}) {
  Image damaged = truth;
  const auto channels = static_cast<std::size_t>(truth.channels());
  for (std::size_t pixel = 0; pixel < mask.pixels.size(); ++pixel) {
    if (mask.pixels[pixel] == 0) continue;
    for (std::size_t c = 0; c < colour_channels(truth); ++c) set_sample(damaged, pixel * channels + c, 0);
  }
  return inpaint(kModel, damaged, mask, parameters, nullptr, CancelToken());
}

int value_at(const Image& image, int x, int y) {
  const auto pixel =
      static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width()) + static_cast<std::size_t>(x);
  const auto value = static_cast<int>(sample_at(image, pixel * static_cast<std::size_t>(image.channels())));
  return image.bits() == 16 ? value / 257 : value;
}

double mean_error(const Image& truth, const Image& result, const Mask& mask) {
  double sum = 0;
  int count = 0;
  for (int y = 0; y < truth.height(); ++y) {
    for (int x = 0; x < truth.width(); ++x) {
      if (mask.pixels[static_cast<std::size_t>(y * truth.width() + x)] == 0) continue;
      sum += std::abs(value_at(truth, x, y) - value_at(result, x, y));
      ++count;
    }
  }
  return sum / count;
}

// A repeatable value that looks random, 0–255.
int noise(int x, int y) {
  auto value = static_cast<std::uint32_t>(x) * 0x9e3779b1U ^ static_cast<std::uint32_t>(y) * 0x85ebca77U;
  value = (value ^ (value >> 15)) * 0x2c1b3c6dU;
  value = (value ^ (value >> 12)) * 0x297a2d39U;
  return static_cast<int>((value ^ (value >> 15)) & 255U);
}

// Speckles about two pixels wide.
int speckles(int x, int y) {
  return (noise(x, y) + noise(x + 1, y) + noise(x, y + 1) + noise(x + 1, y + 1)) / 4;
}

TEST(PatchTest, AStraightEdgeContinues) {
  for (const double slope : {0.0, 0.5, 1.0}) {
    const Image truth =
        painted(200, 200, 3, 8, [&](int x, int y) { return y > 100 + slope * (x - 100) ? 200 : 50; });
    const Mask mask = masked(truth, [](int x, int y) { return in_box(x, y, 75, 75, 50, 50); });
    // One pixel of the edge's height off over the whole hole would be 150 / 50 = 3 grey levels.
    EXPECT_LT(mean_error(truth, repaired(truth, mask), mask), 3) << "slope " << slope;
  }
}

TEST(PatchTest, ALineContinuesWithoutAGap) {
  const Image truth =
      painted(200, 200, 3, 8, [](int x, int y) { return std::abs(y - 60 - x / 3) <= 2 ? 30 : 200; });
  const Mask mask = masked(truth, [](int x, int y) { return in_box(x, y, 80, 70, 40, 40); });
  const Image result = repaired(truth, mask);
  int gap = 0;
  for (int x = 80; x < 120; ++x) {
    int darkest = 255;
    for (int y = 57 + x / 3; y <= 63 + x / 3; ++y) darkest = std::min(darkest, value_at(result, x, y));
    gap += static_cast<int>(darkest > 100);
  }
  EXPECT_LE(gap, 4);
}

TEST(PatchTest, ACircleContinues) {
  const Image truth =
      painted(240, 240, 3, 8, [](int x, int y) { return std::hypot(x - 120, y - 120) < 80 ? 60 : 190; });
  const Mask mask = masked(truth, [](int x, int y) { return in_box(x, y, 180, 100, 40, 40); });
  EXPECT_LT(mean_error(truth, repaired(truth, mask), mask), 12);
}

TEST(PatchTest, AChessboardContinues) {
  for (const int cell : {9, 16, 24}) {
    const Image truth =
        painted(256, 256, 3, 8, [&](int x, int y) { return (x / cell + y / cell) % 2 == 0 ? 40 : 210; });
    const Mask mask = masked(truth, [](int x, int y) { return in_box(x, y, 101, 104, 50, 40); });
    EXPECT_LT(mean_error(truth, repaired(truth, mask), mask), 5) << "cell " << cell;
  }
}

TEST(PatchTest, AGradientStaysSmooth) {
  for (const int bits : {8, 16}) {
    const Image truth = painted(256, 256, 3, bits, [](int x, int y) { return 40 + x / 2 + y / 8; });
    const Mask mask = masked(truth, [](int x, int y) { return in_box(x, y, 90, 90, 70, 70); });
    const Image result = repaired(truth, mask);
    EXPECT_LT(mean_error(truth, result, mask), 4);
    for (int y = 85; y < 165; ++y) {
      for (int x = 85; x < 165; ++x) {
        ASSERT_LE(std::abs(value_at(result, x, y) - value_at(result, x + 1, y)), 6) << x << " " << y;
        ASSERT_LE(std::abs(value_at(result, x, y) - value_at(result, x, y + 1)), 6) << x << " " << y;
      }
    }
  }
}

// Within three pixels of the hole's edge, inside and outside are equally bright on average.
TEST(PatchTest, ThereIsNoStepAcrossTheEdgeOfTheHole) {
  const Image truth = painted(256, 256, 3, 8, [](int x, int y) { return 30 + x / 3 + speckles(x, y) / 3; });
  const Mask mask = masked(truth, [](int x, int y) { return in_box(x, y, 96, 96, 64, 64); });
  const Image result = repaired(truth, mask);
  double left = 0;
  double right = 0;
  for (int y = 96; y < 160; ++y) {
    for (int i = 0; i < 3; ++i) {
      left += value_at(result, 96 + i, y) - value_at(result, 95 - i, y);
      right += value_at(result, 159 - i, y) - value_at(result, 160 + i, y);
    }
  }
  EXPECT_LT(std::abs(left / (64 * 3)), 5);
  EXPECT_LT(std::abs(right / (64 * 3)), 5);
}

TEST(PatchTest, TextureStaysTexture) {
  const Image truth = painted(256, 256, 3, 8, speckles);
  const Mask mask = masked(truth, [](int x, int y) { return in_box(x, y, 96, 96, 64, 64); });
  const Image result = repaired(truth, mask);
  const auto deviation = [](const Image& image) {
    double sum = 0;
    double squares = 0;
    for (int y = 104; y < 152; ++y) {
      for (int x = 104; x < 152; ++x) {
        sum += value_at(image, x, y);
        squares += value_at(image, x, y) * value_at(image, x, y);
      }
    }
    return std::sqrt(squares / (48 * 48) - std::pow(sum / (48 * 48), 2));
  };
  EXPECT_GT(deviation(result), 0.6 * deviation(truth));
}

// Regions show each other's holes. Patches work on those only on coarse levels, from where they may reach.
TEST(PatchTest, WhatAnotherRegionFillsCostsLittle) {
  const Image image = painted(400, 400, 3, 8, speckles);
  const Mask alone = masked(image, [](int x, int y) { return in_box(x, y, 60, 60, 100, 100); });
  Mask beside = masked(image, [](int x, int y) { return in_box(x % 170, y % 170, 60, 60, 100, 100); });
  std::ranges::replace(beside.pixels, 255, kHoleElsewhere);
  std::ranges::transform(alone.pixels, beside.pixels, beside.pixels.begin(),
                         [](int own, int any) { return static_cast<std::uint8_t>(std::max(own, any)); });
  const auto comparisons = [&](const Mask& hole) {
    const CancelToken cancel;
    Workers workers(1, cancel);
    const Parameters parameters;
    std::uint64_t count = 0;
    fill_by_patches({image, hole, parameters, workers, nullptr, &count});
    return static_cast<double>(count);
  };
  EXPECT_LT(comparisons(beside), 1.25 * comparisons(alone));
}

struct HardMask {
  const char* name;
  std::function<bool(int x, int y)> is_hole;
};

const std::vector<HardMask>& hard_masks() {
  static const std::vector<HardMask> kMasks{
      {"corner", [](int x, int y) { return x < 40 && y < 30; }},
      {"two that touch",
       [](int x, int y) { return in_box(x, y, 30, 30, 20, 20) || in_box(x, y, 50, 50, 20, 20); }},
      {"three apart that see each other",
       [](int x, int y) {
         return in_box(x, y, 2, 4, 28, 27) || in_box(x, y, 98, 4, 3, 20) || in_box(x, y, 40, 76, 50, 4);
       }},
      {"sixty per cent", [](int x, int) { return x > 63; }},
      {"single pixels", [](int x, int y) { return x % 23 == 11 && y % 17 == 5; }},
      {"all but a corner", [](int x, int y) { return x > 3 || y > 3; }},
      {"every other column", [](int x, int) { return x % 2 == 1; }}};
  return kMasks;
}

class HardCase : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(HardCase, OnlyTheHoleChangesAndItIsFilled) {
  const auto& [channels, bits] = GetParam();
  const Image truth = painted(160, 120, channels, bits, [](int x, int y) { return 80 + speckles(x, y) / 4; });
  for (const HardMask& hard : hard_masks()) {
    const Mask mask = masked(truth, hard.is_hole);
    const Image result = repaired(truth, mask);
    for (std::size_t i = 0; i < mask.pixels.size() * static_cast<std::size_t>(channels); ++i) {
      const bool kept = mask.pixels[i / static_cast<std::size_t>(channels)] == 0 ||
                        i % static_cast<std::size_t>(channels) >= colour_channels(truth);
      if (kept) {
        ASSERT_EQ(sample_at(result, i), sample_at(truth, i)) << hard.name;
      } else {
        // 80–143 went in; a copy is shifted by a few grey levels.
        const auto value = static_cast<int>(sample_at(result, i)) / (bits == 16 ? 257 : 1);
        ASSERT_TRUE(value >= 73 && value <= 150) << hard.name << ": " << value;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Patch, HardCase,
                         testing::Combine(testing::Values(1, 2, 3, 4), testing::Values(8, 16)));

// Some rectangles and some single pixels, inside, at the edges and over each other.
Mask random_mask(const Image& image, std::mt19937& random) {
  Mask mask = masked(image, [](int, int) { return false; });
  const auto below = [&](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
  const int rectangles = below(5);
  for (int i = 0; i < rectangles; ++i) {
    const int left = below(image.width() + 20) - 20;
    const int top = below(image.height() + 20) - 20;
    const int width = 1 + below(image.width() / 2);
    const int height = 1 + below(image.height() / 2);
    for (int y = std::max(top, 0); y < std::min(top + height, image.height()); ++y) {
      for (int x = std::max(left, 0); x < std::min(left + width, image.width()); ++x) {
        mask.pixels[static_cast<std::size_t>(y * image.width() + x)] = 255;
      }
    }
  }
  for (int i = below(40); i > 0; --i) mask.pixels[random() % mask.pixels.size()] = 255;
  mask.pixels[random() % mask.pixels.size()] = 0;  // something has to be known
  return mask;
}

// For any mask: what is known keeps its bytes, and what is filled lies in the range of what is known, but for
// the few grey levels by which a copy is shifted.
TEST(PatchTest, AnyMaskChangesOnlyItsHoleAndStaysInTheRangeOfThePicture) {
  constexpr int kMaximumShift = 6;
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    const int bits = round % 2 == 0 ? 8 : 16;
    const Image truth = painted(20 + static_cast<int>(random() % 120), 20 + static_cast<int>(random() % 90),
                                1 + round % 4, bits, [](int x, int y) { return 90 + speckles(x, y) / 3; });
    const Mask mask = random_mask(truth, random);
    const auto quality = static_cast<Quality>(round % 3);
    const Image result = repaired(truth, mask, {.quality = quality, .seed = random()});
    const auto channels = static_cast<std::size_t>(truth.channels());
    std::uint32_t darkest = white(truth);
    std::uint32_t lightest = 0;
    for (std::size_t i = 0; i < mask.pixels.size() * channels; ++i) {
      if (mask.pixels[i / channels] != 0 || i % channels >= colour_channels(truth)) continue;
      darkest = std::min(darkest, sample_at(truth, i));
      lightest = std::max(lightest, sample_at(truth, i));
    }
    const std::uint32_t shift = kMaximumShift * (white(truth) / 255);
    for (std::size_t i = 0; i < mask.pixels.size() * channels; ++i) {
      const std::uint32_t value = sample_at(result, i);
      if (mask.pixels[i / channels] == 0 || i % channels >= colour_channels(truth)) {
        ASSERT_EQ(value, sample_at(truth, i)) << "round " << round << ", sample " << i;
      } else {
        ASSERT_TRUE(value + shift >= darkest && value <= lightest + shift)
            << "round " << round << ": " << value;
      }
    }
  }
}

TEST(PatchTest, SixteenBitsAreFilledLikeEight) {
  const auto filled = [](int bits) {
    const Image truth = painted(120, 100, 3, bits, speckles);
    return repaired(truth, masked(truth, [](int x, int y) { return in_box(x, y, 30, 20, 50, 60); }));
  };
  const Image eight = filled(8);
  const Image sixteen = filled(16);
  int finer = 0;
  for (std::size_t i = 0; i < 3 * 120 * 100; ++i) {
    EXPECT_NEAR(sample_at(sixteen, i), 257.0 * sample_at(eight, i), 130);  // half a level is rounded away
    finer += sample_at(sixteen, i) % 257 != 0 ? 1 : 0;
  }
  EXPECT_GT(finer, 3 * 50 * 60 / 2);
}

// A disc, and a bar that its region shows.
bool in_two_regions(int x, int y) {
  return std::hypot(x - 120, y - 120) < 50 || in_box(x, y, 232, 60, 12, 100);
}

TEST(PatchTest, TheNumberOfThreadsDoesNotMatterAndTheSeedDoes) {
  using Case = std::pair<Quality, int>;
  for (const auto& [quality, bits] : {Case(Quality::kLow, 8), Case(Quality::kMedium, 8),
                                      Case(Quality::kHigh, 8), Case(Quality::kHigh, 16)}) {
    const Image truth = painted(300, 240, 3, bits, speckles);
    const Mask mask = masked(truth, in_two_regions);
    const Image one = repaired(truth, mask, {.quality = quality, .threads = 1});
    for (const int threads : {2, 8}) {
      const Image many = repaired(truth, mask, {.quality = quality, .threads = threads});
      EXPECT_TRUE(std::ranges::equal(one.bytes(), many.bytes())) << threads << " threads";
    }
    const Image other = repaired(truth, mask, {.quality = quality, .seed = 2});
    EXPECT_FALSE(std::ranges::equal(one.bytes(), other.bytes()));
  }
}

TEST(PatchTest, EveryInstructionSetGivesTheSameBytes) {
  for (const int bits : {8, 16}) {
    const Image truth = painted(180, 150, 3, bits, speckles);
    // The disc's region shows the bar, and another hole lies at the left edge.
    const Mask mask = masked(truth, [](int x, int y) {
      return std::hypot(x - 60, y - 60) < 35 || in_box(x, y, 140, 30, 8, 60) || in_box(x, y, 0, 130, 9, 15);
    });
    const Image best = repaired(truth, mask);
    int tried = 0;
    for (std::int64_t targets = hwy::SupportedTargets(); targets != 0; targets &= targets - 1) {
      const std::int64_t target = targets & -targets;
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(target);
      EXPECT_TRUE(std::ranges::equal(best.bytes(), repaired(truth, mask).bytes())) << hwy::TargetName(target);
      ++tried;
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
    EXPECT_GE(tried, 2);
  }
}

double cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// Processor time on one thread, so that a busy machine does not count.
TEST(PatchTest, CancelReturnsWithinFiftyMilliseconds) {
  if (INPAINT_SANITIZED) GTEST_SKIP() << "measures time";
  const Image truth = painted(3000, 2000, 3, 8, speckles);
  const Mask mask = masked(truth, [](int x, int y) { return in_box(x, y, 800, 500, 1400, 1000); });
  for (const int after_ms : {10, 30, 60, 100, 200, 400, 800, 1600}) {
    CancelToken cancel;
    std::atomic<double> cancelled_at{0};
    std::atomic<bool> ended{false};
    const double start = cpu_ms();
    std::thread stopper([&] {
      while (!ended && cpu_ms() - start < after_ms) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      cancelled_at = cpu_ms();
      cancel.cancel();
    });
    bool was_cancelled = false;
    try {
      inpaint(kModel, truth, mask, {.threads = 1}, nullptr, cancel);
    } catch (const Error& error) {
      was_cancelled = true;
      EXPECT_EQ(error.code(), "CANCELLED");
    }
    const double took = cpu_ms() - cancelled_at;
    ended = true;
    stopper.join();
    if (!was_cancelled) {
      EXPECT_GT(after_ms, 100) << "the picture is too easy: repaired before it could be cancelled";
      break;
    }
    EXPECT_LT(took, 50) << "cancelled after " << after_ms << " ms";
  }
}

}  // namespace
}  // namespace inpaint::engine
