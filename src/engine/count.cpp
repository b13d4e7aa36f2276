// Compiled once for each instruction set, as search.cpp is. Sums of floats are always added up in the same
// order and never fused with a multiplication, so that here too the bytes are the same everywhere.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/count.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/pixels.h"
#include "engine/vote.h"

HWY_BEFORE_NAMESPACE();
namespace inpaint::engine {
// How a patch's votes fall off from its centre, row by row. A row is seven numbers and then zeros: at the
// left end of the window fewer patches vote, and are loaded from its middle on.
using Kernel = std::array<std::array<float, 16>, kPatchWidth>;

namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A vote so many grey levels from the mode counts half.
constexpr float kSquaredReach = 15 * 15;
constexpr int kSteps = 2;  // from the mean towards the mode

// The votes for a pixel come from seven rows of seven patches. An eighth in each row, which never counts,
// makes a row fill registers.
constexpr int kRowVotes = kPatchWidth + 1;
constexpr int kBallotVotes = kPatchWidth * kRowVotes;

using Colour = std::array<float, 3>;
using Floats = hn::CappedTag<float, kRowVotes>;
using Integers = hn::RebindToSigned<Floats>;
using Lanes = hn::Vec<Floats>;

// The patches of a row of the window that vote for a pixel.
struct Row {
  std::size_t first;  // of them, in the grids of the window
  int columns;
  const float* fall_off;  // kRowVotes of them; those after the columns do not matter
  int to_pixel;  // from the source of the first to the pixel that it votes for; one less for the next
};

// Calls each(Row) for the rows of patches that vote for the pixel (x, y) of the window.
template <typename Each>
HWY_INLINE void for_rows(const Level& level, const Kernel& kernel, int x, int y, const Each& each) {
  const int left = std::max(x - kRadius, 0);
  const int right = std::min(x + kRadius, level.window.width - 1);
  for (int i = 0; i < kPatchWidth; ++i) {
    const int row = y - kRadius + i;
    if (row < 0 || row >= level.window.height) continue;
    each(Row{level.depth.index(left, row), right - left + 1,
             kernel[static_cast<std::size_t>(i)].data() + (left - (x - kRadius)),
             (y - row) * level.picture.width() + x - left});
  }
}

// All votes for a pixel. They are added up lane by lane of the rows, however many lanes a register has.
class Ballot {
 public:
  HWY_INLINE Ballot(const Votes& votes, const Field& field, const Kernel& kernel, const Level& level, int x,
                    int y) {
    for_rows(level, kernel, x, y, [&](const Row& row) HWY_ATTR {
      for (int lane = 0; lane < kRowVotes; lane += static_cast<int>(hn::Lanes(Floats()))) {
        add(votes, field, level.picture, row, lane, count_ + lane);
      }
      count_ += kRowVotes;
    });
  }

  HWY_INLINE bool is_empty() const {
    return std::all_of(weights_, weights_ + count_, [](float weight) { return weight == 0; });
  }

  HWY_INLINE Colour mean() const {
    return mean_by([](Lanes weight, Lanes, Lanes, Lanes) HWY_ATTR { return weight; });
  }

  // Nearer to the mode of the votes than `start`, which is their mean: a step of mean shift (D. Comaniciu and
  // P. Meer, Mean Shift: A Robust Approach Toward Feature Space Analysis, PAMI 24(5), 2002), with long tails,
  // so that a vote far away still counts when there is no other.
  HWY_INLINE Colour nearer_to_mode(const Colour& start) const {
    return mean_by([&](Lanes weight, Lanes red, Lanes green, Lanes blue)
                       HWY_ATTR { return favoured(weight, red, green, blue, start); });
  }

  // Makes the weights those by which nearer_to_mode(start) is the mean.
  HWY_INLINE void favour(const Colour& start) {
    const Floats floats;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count_); i += hn::Lanes(floats)) {
      const Lanes weight = favoured(hn::Load(floats, weights_ + i), hn::Load(floats, reds_ + i),
                                    hn::Load(floats, greens_ + i), hn::Load(floats, blues_ + i), start);
      hn::Store(weight, floats, weights_ + i);
    }
  }

  // Row by row of for_rows(), kRowVotes each.
  const float* weights() const { return weights_; }

 private:
  // The weights of votes, the smaller the farther they are from `start`.
  static HWY_INLINE Lanes favoured(Lanes weight, Lanes red, Lanes green, Lanes blue, const Colour& start) {
    const Lanes reach = hn::Set(Floats(), kSquaredReach);
    const Lanes r = red - hn::Set(Floats(), start[0]);
    const Lanes g = green - hn::Set(Floats(), start[1]);
    const Lanes b = blue - hn::Set(Floats(), start[2]);
    return weight * (reach / (reach + (r * r + g * g + b * b)));
  }

  HWY_INLINE void add(const Votes& votes, const Field& field, const Picture& picture, const Row& row,
                      int lane, int to) {
    const Floats floats;
    const Integers integers;
    const std::size_t from = row.first + static_cast<std::size_t>(lane);
    const auto source = hn::LoadU(integers, field.source.data() + from);
    const auto counts =
        hn::And(hn::FirstN(integers, static_cast<std::size_t>(std::max(row.columns - lane, 0))),
                source != hn::Set(integers, Field::kNone));
    // Those that do not count look at a spare texel: another thread may be writing any other.
    const auto spare = hn::Set(integers, static_cast<std::int32_t>(picture.index(0, picture.height())));
    const auto pixel =
        hn::IfThenElse(counts, source + hn::Set(integers, row.to_pixel) - hn::Iota(integers, lane), spare);
    static_assert(sizeof(Texel) == sizeof(std::int32_t));  // and is read as one: see CMakeLists.txt
    const auto texels =
        hn::GatherIndex(integers, reinterpret_cast<const std::int32_t*>(picture.data()), pixel);
    const auto low = hn::Set(integers, 255);
    const auto colour = [&](auto channel, const Grid<float>& shift) HWY_ATTR {
      return hn::ConvertTo(floats, channel & low) + hn::LoadU(floats, shift.data() + from);
    };
    hn::Store(colour(texels, votes.red), floats, reds_ + to);
    hn::Store(colour(hn::ShiftRight<8>(texels), votes.green), floats, greens_ + to);
    hn::Store(colour(hn::ShiftRight<16>(texels), votes.blue), floats, blues_ + to);
    const Lanes weight =
        hn::LoadU(floats, votes.weight.data() + from) * hn::LoadU(floats, row.fall_off + lane);
    hn::Store(hn::IfThenElseZero(hn::RebindMask(floats, counts), weight), floats, weights_ + to);
  }

  // The mean by weights weight_of(weight, red, green, blue).
  template <typename WeightOf>
  HWY_INLINE Colour mean_by(const WeightOf& weight_of) const {
    const Floats floats;
    alignas(32) float reds[kRowVotes];
    alignas(32) float greens[kRowVotes];
    alignas(32) float blues[kRowVotes];
    alignas(32) float weights[kRowVotes];
    for (std::size_t lane = 0; lane < kRowVotes; lane += hn::Lanes(floats)) {
      Lanes red_sum = hn::Zero(floats);
      Lanes green_sum = hn::Zero(floats);
      Lanes blue_sum = hn::Zero(floats);
      Lanes weight_sum = hn::Zero(floats);
      for (std::size_t i = lane; i < static_cast<std::size_t>(count_); i += kRowVotes) {
        const Lanes red = hn::Load(floats, reds_ + i);
        const Lanes green = hn::Load(floats, greens_ + i);
        const Lanes blue = hn::Load(floats, blues_ + i);
        const Lanes weight = weight_of(hn::Load(floats, weights_ + i), red, green, blue);
        red_sum = red_sum + weight * red;
        green_sum = green_sum + weight * green;
        blue_sum = blue_sum + weight * blue;
        weight_sum = weight_sum + weight;
      }
      hn::Store(red_sum, floats, reds + lane);
      hn::Store(green_sum, floats, greens + lane);
      hn::Store(blue_sum, floats, blues + lane);
      hn::Store(weight_sum, floats, weights + lane);
    }
    const float total = sum_of(weights);
    return {sum_of(reds) / total, sum_of(greens) / total, sum_of(blues) / total};
  }

  static HWY_INLINE float sum_of(const float* lanes) {
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
  }

  int count_ = 0;
  alignas(32) float reds_[kBallotVotes];
  alignas(32) float greens_[kBallotVotes];
  alignas(32) float blues_[kBallotVotes];
  alignas(32) float weights_[kBallotVotes];
};

HWY_INLINE std::uint8_t rounded(float value) {
  return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
}

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

void count_pixel(const Votes& votes, const Field& field, const Kernel& kernel, int x, int y, Level& level) {
  const Ballot ballot(votes, field, kernel, level, x, y);
  if (ballot.is_empty()) return;
  Colour colour = ballot.mean();
  for (int step = 0; step < kSteps; ++step) colour = ballot.nearer_to_mode(colour);
  Texel& texel = level.estimate(x, y);
  texel.red = rounded(colour[0]);
  texel.green = rounded(colour[1]);
  texel.blue = rounded(colour[2]);
}

void count_rows(const Votes& votes, const Field& field, const Kernel& kernel, int first, int last,
                Level& level) {
  for_holes(level, first, last,
            [&](int x, int y) HWY_ATTR { count_pixel(votes, field, kernel, x, y, level); });
}

void count_sample(const Votes& votes, const Field& field, const Kernel& kernel, const Level& level, int x,
                  int y, Image& original) {
  Ballot ballot(votes, field, kernel, level, x, y);
  if (ballot.is_empty()) return;
  Colour colour = ballot.mean();
  for (int step = 1; step < kSteps; ++step) colour = ballot.nearer_to_mode(colour);
  ballot.favour(colour);
  const auto channels = static_cast<std::size_t>(original.channels());
  const std::size_t colours = colour_channels(original);
  const float step = static_cast<float>(white(original)) / 255;
  const std::array<const float*, 3> shifts{votes.red.data(), votes.green.data(), votes.blue.data()};
  std::array<float, 3> sum{};
  float weights = 0;
  const float* weight = ballot.weights();
  for_rows(level, kernel, x, y, [&](const Row& row) HWY_ATTR {
    for (int column = 0; column < row.columns; ++column) {
      if (weight[column] == 0) continue;
      const std::size_t vote = row.first + static_cast<std::size_t>(column);
      const auto from = static_cast<std::size_t>(field.source.data()[vote] + row.to_pixel - column);
      weights += weight[column];
      for (std::size_t c = 0; c < colours; ++c) {
        const auto sample = static_cast<float>(sample_at(original, from * channels + c));
        sum[c] += weight[column] * (sample + step * shifts[c][vote]);
      }
    }
    weight += kRowVotes;
  });
  const std::size_t to = level.picture.index(level.window.x + x, level.window.y + y);
  for (std::size_t c = 0; c < colours; ++c) {
    const float value = std::clamp(sum[c] / weights + 0.5F, 0.0F, static_cast<float>(white(original)));
    set_sample(original, to * channels + c, static_cast<std::uint32_t>(value));
  }
}

void count_samples_rows(const Votes& votes, const Field& field, const Kernel& kernel, const Level& level,
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
  for (std::size_t y = 0; y < kPatchWidth; ++y) {
    for (std::size_t x = 0; x < kPatchWidth; ++x) {
      const float dx = static_cast<float>(x) - kRadius;
      const float dy = static_cast<float>(y) - kRadius;
      kernel[y][x] = std::exp(-kFallOff * (dx * dx + dy * dy));
    }
  }
  return kernel;
}

}  // namespace

void count(const Votes& votes, const Field& field, Level& level, Workers& workers) {
  const Kernel kernel = make_kernel();
  in_bands(workers, level.window.height, [&](int first, int last) {
    HWY_DYNAMIC_DISPATCH(count_rows)(votes, field, kernel, first, last, level);
  });
}

void count_samples(const Votes& votes, const Field& field, const Level& level, Image& original,
                   Workers& workers) {
  const Kernel kernel = make_kernel();
  in_bands(workers, level.window.height, [&](int first, int last) {
    HWY_DYNAMIC_DISPATCH(count_samples_rows)(votes, field, kernel, level, first, last, original);
  });
}

}  // namespace inpaint::engine
#endif  // HWY_ONCE
