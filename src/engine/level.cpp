#include "engine/level.h"

#include <algorithm>
#include <cmath>

namespace inpaint::engine {
namespace {

constexpr std::array<int, 4> kBinomial{1, 3, 3, 1};
constexpr std::uint16_t kFar = 0xffff;
constexpr int kStraight = 3;
constexpr int kDiagonal = 4;

void reduce_pixel(const Level& from, Holes holes, int x, int y, Level& to) {
  std::array<int, 3> sum{};
  int weights = 0;
  int own_holes = 0;
  for (int j = 0; j < 4; ++j) {
    for (int i = 0; i < 4; ++i) {
      const int from_x = 2 * x + i - 1;
      const int from_y = 2 * y + j - 1;
      if (!from.picture.contains(from_x, from_y)) continue;
      if (holes == Holes::kLeftOut && from.hole.at(from_x, from_y) != 0) {
        own_holes += static_cast<int>(i % 3 != 0 && j % 3 != 0);
        continue;
      }
      const int weight = kBinomial[static_cast<std::size_t>(i)] * kBinomial[static_cast<std::size_t>(j)];
      const Texel& texel = from.picture.at(from_x, from_y);
      weights += weight;
      sum[0] += weight * texel.red;
      sum[1] += weight * texel.green;
      sum[2] += weight * texel.blue;
    }
  }
  to.hole.at(x, y) = own_holes >= 2 || weights == 0 ? 1 : 0;
  if (weights == 0) return;
  const auto mean = [&](std::size_t channel) {
    return static_cast<std::uint8_t>((sum[channel] + weights / 2) / weights);
  };
  to.picture.at(x, y) = {mean(0), mean(1), mean(2), 0};
}

Rectangle window_around(const Grid<std::uint8_t>& hole) {
  int left = hole.width();
  int top = hole.height();
  int right = 0;
  int bottom = 0;
  for (int y = 0; y < hole.height(); ++y) {
    const std::uint8_t* row = hole.row(y);
    const std::uint8_t* end = row + hole.width();
    const std::uint8_t* first = std::find(row, end, 1);
    if (first == end) continue;
    const auto last = std::find(std::reverse_iterator(end), std::reverse_iterator(row), 1);
    left = std::min(left, static_cast<int>(first - row));
    right = std::max(right, static_cast<int>(last.base() - row));
    top = std::min(top, y);
    bottom = y + 1;
  }
  if (right == 0) return {};
  left = std::max(left - kRadius, 0);
  top = std::max(top - kRadius, 0);
  right = std::min(right + kRadius, hole.width());
  bottom = std::min(bottom + kRadius, hole.height());
  return {left, top, right - left, bottom - top};
}

}  // namespace

Level reduced(const Level& level, Holes holes, Workers& workers) {
  const int width = (level.picture.width() + 1) / 2;
  const int height = (level.picture.height() + 1) / 2;
  Level half;
  half.picture = Picture(width, height);
  half.hole = Grid<std::uint8_t>(width, height);
  in_bands(workers, height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < width; ++x) reduce_pixel(level, holes, x, y, half);
    }
  });
  return half;
}

int measure_depth(Level& level) {
  level.window = window_around(level.hole);
  const auto& [left, top, width, height] = level.window;
  level.depth = Grid<std::uint16_t>(width, height);
  Grid<std::uint16_t>& depth = level.depth;
  const auto closer = [&](int x, int y, int other_x, int other_y, int step) {
    if (!depth.contains(other_x, other_y)) return;
    const int through = std::min(depth.at(other_x, other_y) + step, static_cast<int>(kFar));
    if (through < depth.at(x, y)) depth.at(x, y) = static_cast<std::uint16_t>(through);
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (level.hole.at(left + x, top + y) == 0) continue;
      depth.at(x, y) = kFar;
      closer(x, y, x - 1, y, kStraight);
      closer(x, y, x, y - 1, kStraight);
      closer(x, y, x - 1, y - 1, kDiagonal);
      closer(x, y, x + 1, y - 1, kDiagonal);
    }
  }
  int deepest = 0;
  for (int y = height - 1; y >= 0; --y) {
    for (int x = width - 1; x >= 0; --x) {
      if (depth.at(x, y) == 0) continue;
      closer(x, y, x + 1, y, kStraight);
      closer(x, y, x, y + 1, kStraight);
      closer(x, y, x + 1, y + 1, kDiagonal);
      closer(x, y, x - 1, y + 1, kDiagonal);
      deepest = std::max(deepest, static_cast<int>(depth.at(x, y)));
    }
  }
  return deepest;
}

Texel expanded(const Picture& half, int x, int y) {
  // The centre of a pixel lies a quarter of a pixel of the half-sized picture from the nearest centre there.
  const int x0 = std::clamp((x - 1) >> 1, 0, half.width() - 1);
  const int y0 = std::clamp((y - 1) >> 1, 0, half.height() - 1);
  const int x1 = std::min((x + 1) >> 1, half.width() - 1);
  const int y1 = std::min((y + 1) >> 1, half.height() - 1);
  const int right = x % 2 == 0 ? 3 : 1;
  const int below = y % 2 == 0 ? 3 : 1;
  const auto mix = [&](std::uint8_t Texel::*channel) {
    const int upper = (4 - right) * half.at(x0, y0).*channel + right * half.at(x1, y0).*channel;
    const int lower = (4 - right) * half.at(x0, y1).*channel + right * half.at(x1, y1).*channel;
    return static_cast<std::uint8_t>(((4 - below) * upper + below * lower + 8) >> 4);
  };
  return {mix(&Texel::red), mix(&Texel::green), mix(&Texel::blue), mix(&Texel::texture)};
}

Layers layers_of(const Level& level) {
  Layers layers;
  const std::size_t count = level.depth.index(0, level.depth.height());
  const std::uint16_t* depth = level.depth.data();
  for (std::size_t i = 0; i < count; ++i) {
    if (depth[i] == 0) continue;
    if (depth[i] + std::size_t{2} > layers.first.size()) layers.first.resize(depth[i] + std::size_t{2});
    ++layers.first[depth[i] + std::size_t{1}];
  }
  for (std::size_t d = 1; d < layers.first.size(); ++d) layers.first[d] += layers.first[d - 1];
  if (layers.first.empty()) return layers;
  layers.pixels.resize(static_cast<std::size_t>(layers.first.back()));
  std::vector<std::int32_t> next = layers.first;
  for (std::size_t i = 0; i < count; ++i) {
    if (depth[i] == 0) continue;
    layers.pixels[static_cast<std::size_t>(next[depth[i]]++)] = static_cast<std::int32_t>(i);
  }
  return layers;
}

}  // namespace inpaint::engine
