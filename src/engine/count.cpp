// Compiled once for each instruction set, as search.cpp is. Sums of floats are always added up in the same
// order and never fused with a multiplication, so that here too the bytes are the same everywhere.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/count.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "engine/pixels.h"
#include "engine/vote.h"

HWY_BEFORE_NAMESPACE();
namespace inpaint::engine {
// How a patch's votes fall off from its centre, place by place.
using Kernel = std::array<float, kPatchTexels>;

namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A vote so many grey levels from the mode counts half.
constexpr float kSquaredReach = 15 * 15;
constexpr int kSteps = 2;  // from the mean towards the mode

using Colour = std::array<float, 3>;
// Red, green, blue, and the weight of the vote.
using Value = std::array<float, 4>;

// Calls each(kernel weight, vote, index of the pixel of the picture that it votes for) for every patch that
// covers the pixel (x, y) of the window. stride: the picture's width.
template <typename Each>
HWY_INLINE void for_votes(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, int stride,
                          int x, int y, const Each& each) {
  const int top = std::max(y - kRadius, 0);
  const int bottom = std::min(y + kRadius, votes.height() - 1);
  const int left = std::max(x - kRadius, 0);
  const int right = std::min(x + kRadius, votes.width() - 1);
  for (int row = top; row <= bottom; ++row) {
    const Vote* vote = votes.row(row);
    const std::int32_t* source = field.source.row(row);
    const float* weights = kernel.data() + (row - y + kRadius) * kPatchWidth + kRadius - x;
    for (int column = left; column <= right; ++column) {
      if (source[column] != Field::kNone) {
        each(weights[column], vote[column], source[column] + (y - row) * stride + x - column);
      }
    }
  }
}

#if HWY_TARGET == HWY_SCALAR
struct Lanes {
  std::array<float, 4> values{};
};

template <typename Operation>
HWY_INLINE Lanes each_lane(const Lanes& a, const Lanes& b, const Operation& operation) {
  Lanes result;
  for (std::size_t i = 0; i < 4; ++i) result.values[i] = operation(a.values[i], b.values[i]);
  return result;
}
HWY_INLINE Lanes operator+(const Lanes& a, const Lanes& b) {
  return each_lane(a, b, std::plus());
}
HWY_INLINE Lanes operator-(const Lanes& a, const Lanes& b) {
  return each_lane(a, b, std::minus());
}
HWY_INLINE Lanes operator*(const Lanes& a, const Lanes& b) {
  return each_lane(a, b, std::multiplies());
}
HWY_INLINE Lanes operator/(const Lanes& a, const Lanes& b) {
  return each_lane(a, b, std::divides());
}

HWY_INLINE Lanes all(float value) {
  return {{value, value, value, value}};
}

HWY_INLINE float sum_of(const Lanes& lanes) {
  return (lanes.values[0] + lanes.values[1]) + (lanes.values[2] + lanes.values[3]);
}

HWY_INLINE Value value_of(const Texel& texel, const Vote& vote, float weight) {
  return {static_cast<float>(texel.red) + vote.shift[0], static_cast<float>(texel.green) + vote.shift[1],
          static_cast<float>(texel.blue) + vote.shift[2], weight};
}

// Of four values: the reds, the greens, the blues, the weights.
HWY_INLINE void take_apart(const Value* values, Lanes& red, Lanes& green, Lanes& blue, Lanes& weight) {
  for (std::size_t i = 0; i < 4; ++i) {
    red.values[i] = values[i][0];
    green.values[i] = values[i][1];
    blue.values[i] = values[i][2];
    weight.values[i] = values[i][3];
  }
}
#else
using Floats = hn::FixedTag<float, 4>;
using Lanes = hn::Vec<Floats>;

HWY_INLINE Lanes all(float value) {
  return hn::Set(Floats(), value);
}

HWY_INLINE float sum_of(Lanes lanes) {
  const Lanes pairs = lanes + hn::Shuffle2301(lanes);
  return hn::GetLane(pairs + hn::Shuffle1032(pairs));
}

alignas(16) constexpr std::int32_t kColours[4] = {-1, -1, -1, 0};

HWY_INLINE Value value_of(const Texel& texel, const Vote& vote, float weight) {
  const hn::FixedTag<std::int32_t, 4> integers;
  const hn::FixedTag<std::uint8_t, 4> bytes;
  const auto channels =
      hn::PromoteTo(integers, hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(&texel)));
  const auto colours = hn::Load(integers, kColours);
  const Lanes shifted = hn::ConvertTo(Floats(), channels) + hn::LoadU(Floats(), vote.shift);
  Value value;
  hn::StoreU(hn::IfThenElse(hn::MaskFromVec(hn::BitCast(Floats(), colours)), shifted, all(weight)), Floats(),
             value.data());
  return value;
}

HWY_INLINE void take_apart(const Value* values, Lanes& red, Lanes& green, Lanes& blue, Lanes& weight) {
  hn::LoadInterleaved4(Floats(), values->data(), red, green, blue, weight);
}
#endif

HWY_INLINE std::uint8_t rounded(float value) {
  return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
}

// All votes for a pixel.
class Ballot {
 public:
  HWY_INLINE void add(const Value& value) { values_[count_++] = value; }

  bool is_empty() const { return count_ == 0; }

  HWY_INLINE Colour mean() {
    for (std::size_t i = count_; i % 4 != 0; ++i) values_[i] = {};
    return mean_by([](const Lanes&, const Lanes&, const Lanes&) HWY_ATTR { return all(1); });
  }

  // Nearer to the mode of the votes than `start`, which is their mean: a step of mean shift (D. Comaniciu and
  // P. Meer, Mean Shift: A Robust Approach Toward Feature Space Analysis, PAMI 24(5), 2002), with long tails,
  // so that a vote far away still counts when there is no other.
  HWY_INLINE Colour nearer_to_mode(const Colour& start) const {
    const Lanes reach = all(kSquaredReach);
    return mean_by([&](const Lanes& red, const Lanes& green, const Lanes& blue) HWY_ATTR {
      const Lanes r = red - all(start[0]);
      const Lanes g = green - all(start[1]);
      const Lanes b = blue - all(start[2]);
      return reach / (reach + (r * r + g * g + b * b));
    });
  }

 private:
  template <typename Factor>
  HWY_INLINE Colour mean_by(const Factor& factor) const {
    Lanes reds = all(0);
    Lanes greens = all(0);
    Lanes blues = all(0);
    Lanes weights = all(0);
    for (std::size_t i = 0; i < count_; i += 4) {
      Lanes red = all(0);
      Lanes green = all(0);
      Lanes blue = all(0);
      Lanes weight = all(0);
      take_apart(&values_[i], red, green, blue, weight);
      weight = weight * factor(red, green, blue);
      reds = reds + weight * red;
      greens = greens + weight * green;
      blues = blues + weight * blue;
      weights = weights + weight;
    }
    const float total = sum_of(weights);
    return {sum_of(reds) / total, sum_of(greens) / total, sum_of(blues) / total};
  }

  std::array<Value, kPatchTexels + 3> values_;  // up to a multiple of four, of which the rest weigh nothing
  std::size_t count_ = 0;
};

// The votes and sources around a tile of this width and a band's height stay in the second-level cache.
constexpr int kTile = 64;

// Calls each(x, y) for the pixels of the hole in some rows.
template <typename Each>
HWY_INLINE void for_holes(const Level& level, int first, int last, const Each& each) {
  for (int left = 0; left < level.window.width; left += kTile) {
    const int right = std::min(left + kTile, level.window.width);
    for (int y = first; y < last; ++y) {
      for (int x = left; x < right; ++x) {
        if (level.in_hole(x, y)) each(x, y);
      }
    }
  }
}

void count_pixel(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, int x, int y,
                 Level& level) {
  Ballot ballot;
  for_votes(votes, field, kernel, level.picture.width(), x, y,
            [&](float kernel_weight, const Vote& vote, std::int32_t from) HWY_ATTR {
              ballot.add(value_of(level.picture.data()[from], vote, kernel_weight * vote.weight));
            });
  if (ballot.is_empty()) return;
  Colour colour = ballot.mean();
  for (int step = 0; step < kSteps; ++step) colour = ballot.nearer_to_mode(colour);
  Texel& texel = level.estimate(x, y);
  texel.red = rounded(colour[0]);
  texel.green = rounded(colour[1]);
  texel.blue = rounded(colour[2]);
}

void count_rows(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, int first, int last,
                Level& level) {
  for_holes(level, first, last,
            [&](int x, int y) HWY_ATTR { count_pixel(votes, field, kernel, x, y, level); });
}

void count_sample(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, const Level& level,
                  int x, int y, Image& original) {
  const auto channels = static_cast<std::size_t>(original.channels());
  const std::size_t colours = colour_channels(original);
  const float step = static_cast<float>(white(original)) / 255;
  std::array<float, 3> sum{};
  float weights = 0;
  for_votes(votes, field, kernel, level.picture.width(), x, y,
            [&](float kernel_weight, const Vote& vote, std::int32_t from) HWY_ATTR {
              weights += kernel_weight * vote.weight;
              for (std::size_t c = 0; c < colours; ++c) {
                const auto sample =
                    static_cast<float>(sample_at(original, static_cast<std::size_t>(from) * channels + c));
                sum[c] += kernel_weight * vote.weight * (sample + step * vote.shift[c]);
              }
            });
  if (weights <= 0) return;
  const std::size_t to = level.picture.index(level.window.x + x, level.window.y + y);
  for (std::size_t c = 0; c < colours; ++c) {
    const float value = std::clamp(sum[c] / weights + 0.5F, 0.0F, static_cast<float>(white(original)));
    set_sample(original, to * channels + c, static_cast<std::uint32_t>(value));
  }
}

void count_samples_rows(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, const Level& level,
                        int first, int last, Image& original) {
  for_holes(level, first, last,
            [&](int x, int y) HWY_ATTR { count_sample(votes, field, kernel, level, x, y, original); });
}

}  // namespace HWY_NAMESPACE
}  // namespace inpaint::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace inpaint::engine {

HWY_EXPORT(count_rows);
HWY_EXPORT(count_samples_rows);

namespace {

Kernel make_kernel() {
  constexpr float kFallOff = 0.1F;  // per squared pixel: by distance 3, to 0.4
  Kernel kernel{};
  float* next = kernel.data();
  for (int dy = -kRadius; dy <= kRadius; ++dy) {
    for (int dx = -kRadius; dx <= kRadius; ++dx) {
      *next++ = std::exp(-kFallOff * static_cast<float>(dx * dx + dy * dy));
    }
  }
  return kernel;
}

}  // namespace

void count(const Grid<Vote>& votes, const Field& field, Level& level, Workers& workers) {
  const Kernel kernel = make_kernel();
  in_bands(workers, level.window.height, [&](int first, int last) {
    HWY_DYNAMIC_DISPATCH(count_rows)(votes, field, kernel, first, last, level);
  });
}

void count_samples(const Grid<Vote>& votes, const Field& field, const Level& level, Image& original,
                   Workers& workers) {
  const Kernel kernel = make_kernel();
  in_bands(workers, level.window.height, [&](int first, int last) {
    HWY_DYNAMIC_DISPATCH(count_samples_rows)(votes, field, kernel, level, first, last, original);
  });
}

}  // namespace inpaint::engine
#endif  // HWY_ONCE
