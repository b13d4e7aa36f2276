#include "engine/level.h"

#include <algorithm>
#include <cmath>

namespace inpaint::engine {
namespace {

constexpr std::array<int, 4> kBinomial{1, 3, 3, 1};
constexpr int kAllWeights = 64;
constexpr std::uint16_t kFar = 0xffff;
constexpr int kStraight = 3;
constexpr int kDiagonal = 4;

struct Mean {
  Texel colour;
  int holes = 0;  // of the four pixels that the mean stands for
  bool found = false;
};

// Of the 4x4 pixels under (x, y) of the half-sized picture, those that count.
template <typename Counts>
Mean mean_under(const Picture& picture, const Counts& counts, int x, int y) {
  std::array<int, 3> sum{};
  int weights = 0;
  Mean mean;
  const int left = 2 * x - 1;
  const int top = 2 * y - 1;
  for (int from_y = std::max(top, 0); from_y < std::min(top + 4, picture.height()); ++from_y) {
    for (int from_x = std::max(left, 0); from_x < std::min(left + 4, picture.width()); ++from_x) {
      const int i = from_x - left;
      const int j = from_y - top;
      if (!counts(from_x, from_y)) {
        mean.holes += static_cast<int>(i % 3 != 0 && j % 3 != 0);
        continue;
      }
      const int weight = kBinomial[static_cast<std::size_t>(i)] * kBinomial[static_cast<std::size_t>(j)];
      const Texel& texel = picture.at(from_x, from_y);
      weights += weight;
      sum[0] += weight * texel.red;
      sum[1] += weight * texel.green;
      sum[2] += weight * texel.blue;
    }
  }
  mean.found = weights > 0;
  if (!mean.found) return mean;
  const auto channel = [&](std::size_t i) {
    return static_cast<std::uint8_t>((sum[i] + weights / 2) / weights);
  };
  mean.colour = {channel(0), channel(1), channel(2), 0};
  return mean;
}

// mean_under() for a row of pixels, quickly for those that see known pixels only. The weights are products,
// so each column of four is weighed and added up once, for all channels of all columns together.
class RowOfMeans {
 public:
  // For row y of the half-sized picture.
  RowOfMeans(const Level& level, int y) : width_(level.picture.width()) {
    const int top = 2 * y - 1;
    if (top < 0 || top + 4 > level.picture.height()) return;
    sums_.resize(kChannels * static_cast<std::size_t>(width_));
    unknown_.resize(static_cast<std::size_t>(width_));
    const auto samples = [&](int j) {
      return reinterpret_cast<const std::uint8_t*>(level.picture.row(top + j));
    };
    const std::array rows{samples(0), samples(1), samples(2), samples(3)};
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      sums_[i] = static_cast<std::uint16_t>(rows[0][i] + 3 * (rows[1][i] + rows[2][i]) + rows[3][i]);
    }
    for (int j = 0; j < 4; ++j) {
      const Hole* hole = level.hole.row(top + j);
      for (std::size_t x = 0; x < unknown_.size(); ++x) unknown_[x] |= static_cast<std::uint8_t>(hole[x]);
    }
  }

  // Whether all pixels under x are in the picture and known.
  bool is_known(int x) const {
    if (sums_.empty() || x < 1 || 2 * x + 3 > width_) return false;
    const std::uint8_t* column = unknown_.data() + 2 * x - 1;
    return (column[0] | column[1] | column[2] | column[3]) == 0;
  }

  // Where is_known(x).
  Texel mean(int x) const {
    const std::uint16_t* column = sums_.data() + kChannels * (2 * static_cast<std::size_t>(x) - 1);
    const auto channel = [&](std::size_t i) {
      const int inner = column[kChannels + i] + column[2 * kChannels + i];
      const int sum = column[i] + 3 * inner + column[3 * kChannels + i];
      return static_cast<std::uint8_t>((sum + kAllWeights / 2) / kAllWeights);
    };
    return {channel(0), channel(1), channel(2), 0};
  }

 private:
  static constexpr std::size_t kChannels = sizeof(Texel);

  int width_;
  std::vector<std::uint16_t> sums_;    // of the channels of each column
  std::vector<std::uint8_t> unknown_;  // not 0: one of the column's pixels is
};

// Whether one of the four pixels under (x, y) of the half-sized picture is to be filled.
bool is_own_under(const Grid<Hole>& hole, int x, int y) {
  for (int from_y = 2 * y; from_y < std::min(2 * y + 2, hole.height()); ++from_y) {
    for (int from_x = 2 * x; from_x < std::min(2 * x + 2, hole.width()); ++from_x) {
      if (hole.at(from_x, from_y) == Hole::kOwn) return true;
    }
  }
  return false;
}

// The value at (x, y) of a picture of twice the size.
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

// Sets the colour of each pixel of the hole to colour_at(its place in the picture).
template <typename ColourAt>
void set_estimate(Level& level, const ColourAt& colour_at, Workers& workers) {
  in_bands(workers, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < level.window.width; ++x) {
        if (!level.in_hole(x, y)) continue;
        const Texel colour = colour_at(level.window.x + x, level.window.y + y);
        Texel& texel = level.estimate(x, y);
        texel = {colour.red, colour.green, colour.blue, texel.texture};
      }
    }
  });
}

Rectangle window_around(const Grid<Hole>& hole) {
  int left = hole.width();
  int top = hole.height();
  int right = 0;
  int bottom = 0;
  const auto is_hole = [](Hole of_pixel) { return of_pixel != Hole::kNone; };
  for (int y = 0; y < hole.height(); ++y) {
    const Hole* row = hole.row(y);
    const Hole* end = row + hole.width();
    const Hole* first = std::find_if(row, end, is_hole);
    if (first == end) continue;
    const auto last = std::find_if(std::reverse_iterator(end), std::reverse_iterator(row), is_hole);
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

Level reduced(const Level& level, Workers& workers) {
  const int width = (level.picture.width() + 1) / 2;
  const int height = (level.picture.height() + 1) / 2;
  Level half;
  half.picture = Picture(width, height);
  half.hole = Grid<Hole>(width, height);
  const auto known = [&](int x, int y) { return level.hole.at(x, y) == Hole::kNone; };
  in_bands(workers, height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      const RowOfMeans row(level, y);
      for (int x = 0; x < width; ++x) {
        if (row.is_known(x)) {
          half.picture.at(x, y) = row.mean(x);
          continue;
        }
        const Mean mean = mean_under(level.picture, known, x, y);
        if (mean.holes >= 2 || !mean.found) {
          half.hole.at(x, y) = is_own_under(level.hole, x, y) ? Hole::kOwn : Hole::kElsewhere;
        }
        half.picture.at(x, y) = mean.colour;
      }
    }
  });
  return half;
}

void reduce_estimate(const Level& fine, Level& half, Workers& workers) {
  const auto all = [](int, int) { return true; };
  set_estimate(
      half, [&](int x, int y) { return mean_under(fine.picture, all, x, y).colour; }, workers);
}

void expand_estimate(const Level& half, Level& fine, Workers& workers) {
  set_estimate(
      fine, [&](int x, int y) { return expanded(half.picture, x, y); }, workers);
}

void leave_elsewhere(Level& level, Workers& workers) {
  in_bands(workers, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < level.window.width; ++x) {
        if (level.hole.at(level.window.x + x, level.window.y + y) == Hole::kElsewhere)
          level.depth.at(x, y) = 0;
      }
    }
  });
}

void measure_depth(Level& level, const Workers& workers) {
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
    workers.throw_if_cancelled();
    for (int x = 0; x < width; ++x) {
      if (level.hole.at(left + x, top + y) == Hole::kNone) continue;
      depth.at(x, y) = kFar;
      closer(x, y, x - 1, y, kStraight);
      closer(x, y, x, y - 1, kStraight);
      closer(x, y, x - 1, y - 1, kDiagonal);
      closer(x, y, x + 1, y - 1, kDiagonal);
    }
  }
  level.deepest = 0;
  for (int y = height - 1; y >= 0; --y) {
    workers.throw_if_cancelled();
    for (int x = width - 1; x >= 0; --x) {
      if (depth.at(x, y) == 0) continue;
      closer(x, y, x + 1, y, kStraight);
      closer(x, y, x, y + 1, kStraight);
      closer(x, y, x + 1, y + 1, kDiagonal);
      closer(x, y, x - 1, y + 1, kDiagonal);
      if (level.hole.at(left + x, top + y) == Hole::kOwn) {
        level.deepest = std::max(level.deepest, static_cast<int>(depth.at(x, y)));
      }
    }
  }
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
