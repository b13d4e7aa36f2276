// Compiled once for each instruction set, as search.cpp is. A pixel's four sums are always added up in the
// same order and never fused with a multiplication, so that here too the bytes are the same everywhere.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/count.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>

#include "engine/pixels.h"
#include "engine/vote.h"

HWY_BEFORE_NAMESPACE();
namespace inpaint::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// red, green, blue, and the weights they came with.
using Total = std::array<float, 4>;

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
class Sum {
 public:
  HWY_INLINE void add(float kernel_weight, const Vote& vote, const Texel& texel) {
    const Total colour{static_cast<float>(texel.red), static_cast<float>(texel.green),
                       static_cast<float>(texel.blue), 0.0F};
    const Total shift{vote.weighted_shift[0], vote.weighted_shift[1], vote.weighted_shift[2], vote.weight};
    for (std::size_t i = 0; i < 4; ++i) total_[i] += kernel_weight * (vote.weight * colour[i] + shift[i]);
  }

  HWY_INLINE const Total& total() const { return total_; }

 private:
  Total total_{};
};
#else
alignas(16) constexpr std::int32_t kColours[4] = {-1, -1, -1, 0};

class Sum {
 public:
  HWY_INLINE Sum() : sum_(hn::Zero(kFloats)) {}

  HWY_INLINE void add(float kernel_weight, const Vote& vote, const Texel& texel) {
    const hn::FixedTag<std::int32_t, 4> integers;
    const hn::FixedTag<std::uint8_t, 4> bytes;
    const auto channels =
        hn::PromoteTo(integers, hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(&texel)));
    const auto colour = hn::ConvertTo(kFloats, hn::And(channels, hn::Load(integers, kColours)));
    const auto shift = hn::LoadU(kFloats, reinterpret_cast<const float*>(&vote));
    const auto weighted = hn::Add(hn::Mul(colour, hn::Broadcast<3>(shift)), shift);
    sum_ = hn::Add(sum_, hn::Mul(weighted, hn::Set(kFloats, kernel_weight)));
  }

  HWY_INLINE Total total() const {
    alignas(16) Total total{};
    hn::Store(sum_, kFloats, total.data());
    return total;
  }

 private:
  static constexpr hn::FixedTag<float, 4> kFloats{};
  hn::Vec<hn::FixedTag<float, 4> > sum_;
};
#endif

HWY_INLINE std::uint8_t rounded(float value) {
  return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
}

void count_row(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, int y, Level& level) {
  for (int x = 0; x < level.window.width; ++x) {
    if (!level.in_hole(x, y)) continue;
    Sum sum;
    for_votes(votes, field, kernel, level.picture.width(), x, y,
              [&](float kernel_weight, const Vote& vote, std::int32_t from)
                  HWY_ATTR { sum.add(kernel_weight, vote, level.picture.data()[from]); });
    const Total total = sum.total();
    if (total[3] <= 0) continue;
    Texel& texel = level.estimate(x, y);
    texel.red = rounded(total[0] / total[3]);
    texel.green = rounded(total[1] / total[3]);
    texel.blue = rounded(total[2] / total[3]);
  }
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

void count_samples_row(const Grid<Vote>& votes, const Field& field, const Kernel& kernel, const Level& level,
                       int y, Image& original) {
  for (int x = 0; x < level.window.width; ++x) {
    if (level.in_hole(x, y)) count_sample(votes, field, kernel, level, x, y, original);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace inpaint::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace inpaint::engine {

HWY_EXPORT(count_row);
HWY_EXPORT(count_samples_row);

void count(const Grid<Vote>& votes, const Field& field, const Focus& focus, Level& level, Workers& workers) {
  const Kernel kernel = kernel_of(focus);
  in_bands(workers, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) HWY_DYNAMIC_DISPATCH(count_row)(votes, field, kernel, y, level);
  });
}

void count_samples(const Grid<Vote>& votes, const Field& field, const Focus& focus, const Level& level,
                   Image& original, Workers& workers) {
  const Kernel kernel = kernel_of(focus);
  in_bands(workers, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      HWY_DYNAMIC_DISPATCH(count_samples_row)(votes, field, kernel, level, y, original);
    }
  });
}

}  // namespace inpaint::engine
#endif  // HWY_ONCE
