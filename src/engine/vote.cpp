#include "engine/vote.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "engine/pixels.h"

namespace inpaint::engine {
namespace {

using Kernel = std::array<float, kPatchTexels>;

// Log of how much less a patch counts for each third of a pixel further from the edge.
constexpr float kFadePerThird = 0.262F / 3;
constexpr float kMaximumShift = 6;  // grey levels
constexpr float kSmallest = 1e-30F;

Kernel kernel_of(const Focus& focus) {
  Kernel kernel{};
  for (int dy = -kRadius; dy <= kRadius; ++dy) {
    for (int dx = -kRadius; dx <= kRadius; ++dx) {
      kernel[static_cast<std::size_t>((dy + kRadius) * kPatchWidth + dx + kRadius)] =
          std::exp(-focus.per_squared_pixel * static_cast<float>(dx * dx + dy * dy));
    }
  }
  return kernel;
}

// The cost that three quarters of the patches do not exceed: what counts as a good match in this hole.
float upper_quartile(const Field& field) {
  constexpr int kEvery = 4;
  std::vector<std::uint32_t> costs;
  for (int y = 0; y < field.source.height(); ++y) {
    for (int x = y % kEvery; x < field.source.width(); x += kEvery) {
      if (field.source.at(x, y) != Field::kNone) costs.push_back(field.cost.at(x, y));
    }
  }
  if (costs.empty()) return 1;
  const auto quartile = costs.begin() + static_cast<std::ptrdiff_t>(costs.size() * 3 / 4);
  std::nth_element(costs.begin(), quartile, costs.end());
  return static_cast<float>(std::max(*quartile, 1U));
}

// Calls vote(kernel weight, vote, index of the source pixel in the picture) for each patch over (x, y).
template <typename Each>
void for_votes(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, int stride, int x, int y,
               const Each& each) {
  const int top = std::max(y - kRadius, 0);
  const int bottom = std::min(y + kRadius, votes.height() - 1);
  const int left = std::max(x - kRadius, 0);
  const int right = std::min(x + kRadius, votes.width() - 1);
  for (int row = top; row <= bottom; ++row) {
    const Vote* vote = votes.row(row);
    const std::int32_t* source = field.source.row(row);
    const float* weights = kernel.data() + (row - y + kRadius) * kPatchWidth + kRadius - x;
    for (int column = left; column <= right; ++column) {
      if (source[column] == Field::kNone) continue;
      each(weights[column], vote[column], source[column] + (y - row) * stride + x - column);
    }
  }
}

std::uint8_t rounded(float value) {
  return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
}

void count_pixel(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, int x, int y,
                 Level& level) {
  // Four sums at a time, which the compiler puts into one register.
  std::array<float, 4> total{};
  const Texel* texels = level.picture.data();
  for_votes(votes, field, kernel, level.picture.width(), x, y,
            [&](float kernel_weight, const Vote& vote, std::int32_t from) {
              const Texel& texel = texels[from];
              const std::array<float, 4> colour{static_cast<float>(texel.red),
                                                static_cast<float>(texel.green),
                                                static_cast<float>(texel.blue), 0.0F};
              const std::array<float, 4> shift{vote.weighted_shift[0], vote.weighted_shift[1],
                                               vote.weighted_shift[2], vote.weight};
              for (std::size_t i = 0; i < 4; ++i) {
                total[i] += kernel_weight * (vote.weight * colour[i] + shift[i]);
              }
            });
  if (total[3] <= 0) return;
  Texel& texel = level.estimate(x, y);
  texel.red = rounded(total[0] / total[3]);
  texel.green = rounded(total[1] / total[3]);
  texel.blue = rounded(total[2] / total[3]);
}

void count_sample(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, const Level& level,
                  int x, int y, Image& original) {
  const auto channels = static_cast<std::size_t>(original.channels());
  const std::size_t colours = colour_channels(original);
  const float step = static_cast<float>(white(original)) / 255;
  std::array<float, 3> sum{};
  float weights = 0;
  for_votes(votes, field, kernel, level.picture.width(), x, y,
            [&](float kernel_weight, const Vote& vote, std::int32_t from) {
              weights += kernel_weight * vote.weight;
              for (std::size_t c = 0; c < colours; ++c) {
                const auto sample =
                    static_cast<float>(sample_at(original, static_cast<std::size_t>(from) * channels + c));
                sum[c] += kernel_weight * (vote.weight * sample + step * vote.weighted_shift[c]);
              }
            });
  if (weights <= 0) return;
  const std::size_t to = level.picture.index(level.window.x + x, level.window.y + y);
  for (std::size_t c = 0; c < colours; ++c) {
    const float value = std::clamp(sum[c] / weights + 0.5F, 0.0F, static_cast<float>(white(original)));
    set_sample(original, to * channels + c, static_cast<std::uint32_t>(value));
  }
}

}  // namespace

Grid<Vote> weigh(const Level& level, const Field& field, Workers& workers) {
  const float scale = -1 / (2 * upper_quartile(field));
  Grid<Vote> votes(level.window.width, level.window.height);
  in_bands(workers, level.window.height, [&](int first, int last) {
    std::vector<Difference> differences(static_cast<std::size_t>(level.window.width));
    for (int y = first; y < last; ++y) {
      measure_differences(level, field, y, differences.data());
      for (int x = 0; x < level.window.width; ++x) {
        if (field.source.at(x, y) == Field::kNone) continue;
        const float weight = std::max(std::exp(static_cast<float>(field.cost.at(x, y)) * scale -
                                               kFadePerThird * static_cast<float>(level.depth.at(x, y))),
                                      kSmallest);
        const Difference& difference = differences[static_cast<std::size_t>(x)];
        const auto shift = [weight](std::int32_t sum) {
          return weight * std::clamp(static_cast<float>(sum) / kPatchTexels, -kMaximumShift, kMaximumShift);
        };
        votes.at(x, y) = {{shift(difference.red), shift(difference.green), shift(difference.blue)}, weight};
      }
    }
  });
  return votes;
}

void count(const Grid<Vote>& votes, const Field& field, const Focus& focus, Level& level, Workers& workers) {
  const Kernel kernel = kernel_of(focus);
  in_bands(workers, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < level.window.width; ++x) {
        if (level.in_hole(x, y)) count_pixel(votes, field, kernel, x, y, level);
      }
    }
  });
}

void count_samples(const Grid<Vote>& votes, const Field& field, const Focus& focus, const Level& level,
                   Image& original, Workers& workers) {
  const Kernel kernel = kernel_of(focus);
  in_bands(workers, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < level.window.width; ++x) {
        if (level.in_hole(x, y)) count_sample(votes, field, kernel, level, x, y, original);
      }
    }
  });
}

}  // namespace inpaint::engine
