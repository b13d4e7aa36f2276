#include "engine/regions.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace inpaint::engine {
namespace {

Mask with_holes(int width, int height, std::initializer_list<std::pair<int, int>> holes) {
  Mask mask{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height))};
  for (const auto& [x, y] : holes) mask.pixels[static_cast<std::size_t>(y * width + x)] = 255;
  return mask;
}

TEST(RegionsTest, NothingToDo) {
  const Regions regions(with_holes(100, 80, {}));
  EXPECT_TRUE(regions.list().empty());
  EXPECT_EQ(regions.holes(), 0u);
}

TEST(RegionsTest, HolesFarApartAreApartAndNearOnesTogether) {
  const Regions regions(with_holes(1000, 800, {{100, 100}, {104, 100}, {900, 700}}));
  ASSERT_EQ(regions.list().size(), 2u);
  EXPECT_EQ(regions.holes(), 3u);
  EXPECT_EQ(regions.label_at(100, 100), regions.label_at(104, 100));
  EXPECT_NE(regions.label_at(100, 100), regions.label_at(900, 700));
}

TEST(RegionsTest, HolesOfTwoRegionsAreApart) {
  for (int gap = Regions::kApart - 2; gap < 2 * Regions::kApart + 2; ++gap) {
    for (int x = 0; x < Regions::kApart; ++x) {
      const int other_x = x + gap + 1;  // with so many pixels between
      const Regions regions(with_holes(200, 200, {{x, 90}, {other_x, 91}}));
      const bool is_apart = regions.label_at(x, 90) != regions.label_at(other_x, 91);
      EXPECT_TRUE(!is_apart || gap >= Regions::kApart) << gap;
      EXPECT_TRUE(is_apart || gap < 2 * Regions::kApart) << gap;
    }
  }
}

TEST(RegionsTest, EveryHoleBelongsToOneRegionThatShowsItsSurroundings) {
  Mask mask = with_holes(333, 222, {});
  unsigned chance = 1;
  for (int i = 0; i < 40; ++i) {
    chance = chance * 75 % 65537;
    mask.pixels[chance % mask.pixels.size()] = 255;
  }
  const Regions regions(mask);
  std::size_t holes = 0;
  for (const Region& region : regions.list()) holes += region.holes;
  EXPECT_EQ(holes, static_cast<std::size_t>(std::ranges::count(mask.pixels, 255)));
  EXPECT_EQ(holes, regions.holes());
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      if (mask.pixels[static_cast<std::size_t>(y * mask.width + x)] == 0) continue;
      const auto region = std::ranges::find(regions.list(), regions.label_at(x, y), &Region::label);
      ASSERT_NE(region, regions.list().end());
      const Rectangle& box = region->box;
      EXPECT_LE(box.x, std::max(x - Regions::kMargin, 0));
      EXPECT_LE(box.y, std::max(y - Regions::kMargin, 0));
      EXPECT_GE(box.x + box.width, std::min(x + 1 + Regions::kMargin, mask.width));
      EXPECT_GE(box.y + box.height, std::min(y + 1 + Regions::kMargin, mask.height));
      EXPECT_LE(box.x + box.width, mask.width);
      EXPECT_LE(box.y + box.height, mask.height);
    }
  }
}

}  // namespace
}  // namespace inpaint::engine
