#include "engine/texture.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace inpaint::engine {
namespace {

constexpr int kAround = 3;  // half the width of the box over which the Laplacian is averaged
// A grey level of mean absolute Laplacian / 4 counts like this many grey levels of colour.
constexpr int kTextureGain = 4;
// Less texture than this, in grey levels, is noise.
constexpr float kNoise = 3;

struct RowSum {
  std::uint16_t sum = 0;    // of |Laplacian| / 4
  std::uint16_t count = 0;  // of the pixels that have one
};

using Lumas = Grid<std::int16_t>;
constexpr std::int16_t kUnknown = -1;

// |Laplacian| / 4 of the lumas of a row into `values`, kUnknown where one of its pixels is. The row is not
// the first or the last.
void laplacians(const Lumas& lumas, int y, std::vector<int>& values) {
  const std::int16_t* above = lumas.row(y - 1);
  const std::int16_t* row = lumas.row(y);
  const std::int16_t* below = lumas.row(y + 1);
  for (int x = 1; x < lumas.width() - 1; ++x) {
    const int lowest = std::min({row[x], row[x - 1], row[x + 1], above[x], below[x]});
    const int value = std::abs(4 * row[x] - row[x - 1] - row[x + 1] - above[x] - below[x]) / 4;
    values[static_cast<std::size_t>(x)] = lowest < 0 ? kUnknown : value;
  }
}

Grid<RowSum> sums_of_rows(const Lumas& lumas, Workers& workers) {
  Grid<RowSum> sums(lumas.width(), lumas.height());
  in_bands(workers, lumas.height(), [&](int first, int last) {
    std::vector<int> values(static_cast<std::size_t>(lumas.width()), kUnknown);
    for (int y = std::max(first, 1); y < std::min(last, lumas.height() - 1); ++y) {
      laplacians(lumas, y, values);
      RowSum running;
      const auto include = [&](int x, int sign) {
        if (x < 0 || x >= lumas.width() || values[static_cast<std::size_t>(x)] < 0) return;
        running.sum = static_cast<std::uint16_t>(running.sum + sign * values[static_cast<std::size_t>(x)]);
        running.count = static_cast<std::uint16_t>(running.count + sign);
      };
      for (int x = 0; x < kAround; ++x) include(x, 1);
      for (int x = 0; x < lumas.width(); ++x) {
        include(x + kAround, 1);
        include(x - kAround - 1, -1);
        sums.at(x, y) = running;
      }
    }
  });
  return sums;
}

// The luma of each pixel that counts, else kUnknown.
template <typename Counts>
Lumas lumas_of(const Picture& picture, const Counts& counts, Workers& workers) {
  Lumas lumas(picture.width(), picture.height());
  in_bands(workers, picture.height(), [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < picture.width(); ++x) {
        lumas.at(x, y) = counts(x, y) ? static_cast<std::int16_t>(luma(picture.at(x, y))) : kUnknown;
      }
    }
  });
  return lumas;
}

// Calls each(x, y, mean over the box around the pixel in grey levels, or 0 where all of it is unknown) for
// the pixels of some rows.
template <typename Each>
void for_means(const Grid<RowSum>& sums, int first, int last, const Each& each) {
  const auto width = static_cast<std::size_t>(sums.width());
  std::vector<int> sum(width);
  std::vector<int> count(width);
  const auto include = [&](int y, int sign) {
    if (y < 0 || y >= sums.height()) return;
    const RowSum* row = sums.row(y);
    for (std::size_t x = 0; x < width; ++x) {
      sum[x] += sign * row[x].sum;
      count[x] += sign * row[x].count;
    }
  };
  for (int y = first - kAround; y < first + kAround; ++y) include(y, 1);
  for (int y = first; y < last; ++y) {
    include(y + kAround, 1);
    for (std::size_t x = 0; x < width; ++x) {
      each(static_cast<int>(x), y,
           count[x] == 0 ? 0 : static_cast<float>(sum[x]) / static_cast<float>(count[x]));
    }
    include(y - kAround, -1);
  }
}

std::uint8_t coded(float texture) {
  return static_cast<std::uint8_t>(std::min(texture * kTextureGain + 0.5F, 255.0F));
}

// A pixel of the hole takes the mean of its neighbours that are nearer to the edge.
void take_from_nearer(Level& level, int x, int y) {
  int sum = 0;
  int weights = 0;
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      if (!level.depth.contains(x + dx, y + dy)) continue;
      if (level.depth.at(x + dx, y + dy) >= level.depth.at(x, y)) continue;
      const int weight = dx == 0 || dy == 0 ? 2 : 1;
      weights += weight;
      sum += weight * level.estimate(x + dx, y + dy).texture;
    }
  }
  if (weights > 0) level.estimate(x, y).texture = static_cast<std::uint8_t>((sum + weights / 2) / weights);
}

void carry_inwards(Level& level, Workers& workers) {
  const Layers layers = layers_of(level);
  const int width = level.window.width;
  for (std::size_t depth = 1; depth + 1 < layers.first.size(); ++depth) {
    in_layer(workers, layers, depth,
             [&](std::int32_t pixel) { take_from_nearer(level, pixel % width, pixel / width); });
  }
}

}  // namespace

void measure_texture(Level& level, Workers& workers) {
  const auto known = [&](int x, int y) { return level.hole.at(x, y) == Hole::kNone; };
  const Grid<RowSum> sums = sums_of_rows(lumas_of(level.picture, known, workers), workers);
  in_bands(workers, level.picture.height(), [&](int first, int last) {
    for_means(sums, first, last,
              [&](int x, int y, float mean) { level.picture.at(x, y).texture = coded(mean); });
  });
  carry_inwards(level, workers);
}

void measure_lack(Level& level, Workers& workers) {
  const auto all = [](int, int) { return true; };
  const Grid<RowSum> sums = sums_of_rows(lumas_of(level.guide, all, workers), workers);
  level.lack = Grid<std::uint8_t>(level.window.width, level.window.height);
  in_bands(workers, level.window.height, [&](int first, int last) {
    for_means(sums, first, last, [&](int x, int y, float mean) {
      const float wanted = static_cast<float>(level.estimate(x, y).texture) / kTextureGain;
      const float missing = std::max(wanted - mean, 0.0F);
      level.lack.at(x, y) =
          static_cast<std::uint8_t>(std::lround(255 * std::sqrt(missing / (wanted + kNoise))));
    });
  });
}

}  // namespace inpaint::engine
