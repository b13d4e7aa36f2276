// Compiled once for each instruction set; Highway chooses at run time. All arithmetic is on integers, so that
// every instruction set gives the same bytes.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/search.cpp"
#include "engine/search.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <atomic>
#include <functional>

HWY_BEFORE_NAMESPACE();
namespace inpaint::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A row of a patch is 7 texels of 4 bytes; the eighth that a register takes in is masked out.
constexpr std::size_t kRowBytes = 32;
static_assert(kPatchWidth * sizeof(Texel) + sizeof(Texel) == kRowBytes);
HWY_INLINE const std::uint8_t* bytes_of(const Texel* texels) {
  return reinterpret_cast<const std::uint8_t*>(texels);
}

#if HWY_TARGET == HWY_SCALAR
// Highway 1.0 has nothing for SSE2; these loops are what the compiler makes SSE2 of.
using Sum = std::uint32_t;

HWY_INLINE Sum zero() {
  return 0;
}

HWY_INLINE Sum add_row(const std::uint8_t* a, const std::uint8_t* b, Sum sum) {
  int row = 0;
  for (std::size_t i = 0; i < kRowBytes - sizeof(Texel); ++i) {
    const int difference = a[i] - b[i];
    row += difference * difference;
  }
  return sum + static_cast<std::uint32_t>(row);
}

HWY_INLINE std::uint32_t total(Sum sum) {
  return sum;
}

HWY_INLINE void patch_sums(const std::uint8_t* corner, std::ptrdiff_t row_bytes, std::int32_t* sums) {
  std::fill_n(sums, 3, 0);
  for (int y = 0; y < kPatchWidth; ++y) {
    for (int x = 0; x < kPatchWidth; ++x) {
      for (int channel = 0; channel < 3; ++channel) sums[channel] += corner[y * row_bytes + 4 * x + channel];
    }
  }
}
#else
using Bytes = hn::CappedTag<std::uint8_t, kRowBytes>;
using Words = hn::RepartitionToWide<Bytes>;
using SignedWords = hn::RebindToSigned<Words>;
using Sums = hn::RepartitionToWide<SignedWords>;
using Sum = hn::Vec<Sums>;

alignas(64) constexpr std::uint8_t kRowMask[kRowBytes] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0,   0,   0,   0};

HWY_INLINE Sum zero() {
  return hn::Zero(Sums());
}

// Adds the squared differences of one row of two patches to sum.
HWY_INLINE Sum add_row(const std::uint8_t* a, const std::uint8_t* b, Sum sum) {
  const Bytes bytes;
  const SignedWords words;
  for (std::size_t i = 0; i < kRowBytes; i += hn::Lanes(bytes)) {
    const auto left = hn::LoadU(bytes, a + i);
    const auto right = hn::LoadU(bytes, b + i);
    const auto difference = hn::And(hn::Or(hn::SaturatedSub(left, right), hn::SaturatedSub(right, left)),
                                    hn::Load(bytes, kRowMask + i));
    const auto low = hn::BitCast(words, hn::InterleaveLower(bytes, difference, hn::Zero(bytes)));
    const auto high = hn::BitCast(words, hn::InterleaveUpper(bytes, difference, hn::Zero(bytes)));
    auto rest = hn::Zero(Sums());
    sum = hn::ReorderWidenMulAccumulate(Sums(), low, low, sum, rest);
    sum = hn::ReorderWidenMulAccumulate(Sums(), high, high, sum, rest);
    sum = hn::Add(sum, rest);
  }
  return sum;
}

HWY_INLINE std::uint32_t total(Sum sum) {
  return static_cast<std::uint32_t>(hn::GetLane(hn::SumOfLanes(Sums(), sum)));
}

// Sums of the 49 texels of a patch, channel by channel.
HWY_INLINE void patch_sums(const std::uint8_t* corner, std::ptrdiff_t row_bytes, std::int32_t* sums) {
  const hn::FixedTag<std::uint8_t, 16> bytes;
  const hn::FixedTag<std::uint16_t, 8> words;
  auto low = hn::Zero(words);
  auto high = hn::Zero(words);
  for (int y = 0; y < kPatchWidth; ++y) {
    for (std::size_t i = 0; i < kRowBytes; i += 16) {
      const auto row = hn::And(hn::LoadU(bytes, corner + y * row_bytes + i), hn::Load(bytes, kRowMask + i));
      low = hn::Add(low, hn::BitCast(words, hn::InterleaveLower(bytes, row, hn::Zero(bytes))));
      high = hn::Add(high, hn::BitCast(words, hn::InterleaveUpper(bytes, row, hn::Zero(bytes))));
    }
  }
  alignas(16) std::uint16_t lanes[8];
  hn::Store(hn::Add(low, high), words, lanes);
  for (int channel = 0; channel < 3; ++channel) sums[channel] = lanes[channel] + lanes[channel + 4];
}

#endif

// The distance, or something not below `bound` as soon as it cannot be less than that. Rows in the order
// middle, ends, rest: the sooner they differ, the sooner it ends.
HWY_INLINE std::uint32_t distance(const Texel* a, const Texel* b, std::ptrdiff_t stride,
                                  std::uint32_t bound) {
  const std::uint8_t* left = bytes_of(a);
  const std::uint8_t* right = bytes_of(b);
  const std::ptrdiff_t row = stride * static_cast<std::ptrdiff_t>(sizeof(Texel));
  Sum sum = zero();
  sum = add_row(left, right, sum);
  sum = add_row(left + 3 * row, right + 3 * row, sum);
  sum = add_row(left + 6 * row, right + 6 * row, sum);
  const std::uint32_t partial = total(sum);
  if (partial >= bound) return partial;
  sum = add_row(left + row, right + row, sum);
  sum = add_row(left + 2 * row, right + 2 * row, sum);
  sum = add_row(left + 4 * row, right + 4 * row, sum);
  sum = add_row(left + 5 * row, right + 5 * row, sum);
  return total(sum);
}

std::uint32_t whole_distance(const Texel* a, const Texel* b, std::ptrdiff_t stride) {
  return distance(a, b, stride, ~std::uint32_t{0});
}

// G. Marsaglia, Xorshift RNGs, 2003.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U | 1) {
    for (int i = 0; i < 3; ++i) next();
  }
  std::uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>(state_ >> 32);
  }
  // From -radius to radius.
  static int around(std::uint32_t bits, int radius) {
    return static_cast<int>(((bits & 0xffffU) * static_cast<std::uint32_t>(2 * radius + 1)) >> 16) - radius;
  }

 private:
  std::uint64_t state_;
};

class RowSearch {
 public:
  RowSearch(const Level& level, const Grid<std::uint8_t>& sources, const Sweep& sweep, Field& field)
      : level_(level), sources_(sources), sweep_(sweep), field_(field) {}

  std::uint64_t comparisons() const { return comparisons_; }

  void run(int y) {
    Random random(sweep_.seed + static_cast<std::uint64_t>(y) * 0x632be59bU);
    const int width = level_.window.width;
    for (int i = 0; i < width; ++i) visit(sweep_.backwards ? width - 1 - i : i, y, random);
  }

 private:
  void visit(int x, int y, Random& random) {
    source_ = field_.source.at(x, y);
    if (source_ == Field::kNone) return;
    cost_ = field_.cost.at(x, y);
    patch_ = corner(level_.picture.index(level_.window.x + x, level_.window.y + y));
    const int back = sweep_.backwards ? 1 : -1;
    follow(x + back, y, -back);
    follow(x, y + back, -back * level_.picture.width());
    const int columns = level_.picture.width();
    for (int radius = sweep_.reach; radius > 0 && cost_ > 0; radius /= 2) {
      const std::uint32_t bits = random.next();
      const int to_x = source_ % columns + Random::around(bits, radius);
      const int to_y = source_ / columns + Random::around(bits >> 16, radius);
      if (level_.picture.contains(to_x, to_y)) attempt(to_y * columns + to_x);
    }
    field_.source.at(x, y) = source_;
    field_.cost.at(x, y) = cost_;
  }

  void follow(int x, int y, int step) {
    if (!field_.source.contains(x, y)) return;
    const std::int32_t neighbour = field_.source.at(x, y);
    if (neighbour == Field::kNone || neighbour + step < 0) return;
    attempt(neighbour + step);
  }

  void attempt(std::int32_t candidate) {
    if (candidate == source_ || sources_.data()[candidate] == 0) return;
    ++comparisons_;
    const std::uint32_t cost =
        distance(patch_, corner(static_cast<std::size_t>(candidate)), level_.picture.width(), cost_);
    if (cost >= cost_) return;
    cost_ = cost;
    source_ = candidate;
  }

  const Texel* corner(std::size_t centre) const {
    return level_.picture.data() + centre -
           static_cast<std::size_t>(kRadius) * (static_cast<std::size_t>(level_.picture.width()) + 1);
  }

  const Level& level_;
  const Grid<std::uint8_t>& sources_;
  const Sweep& sweep_;
  Field& field_;
  const Texel* patch_ = nullptr;
  std::int32_t source_ = 0;
  std::uint32_t cost_ = 0;
  std::uint64_t comparisons_ = 0;
};

std::uint64_t improve_rows(const Level& level, const Grid<std::uint8_t>& sources, const Sweep& sweep,
                           Field& field, int first, int last) {
  RowSearch search(level, sources, sweep, field);
  for (int i = first; i < last; ++i) search.run(sweep.backwards ? first + last - 1 - i : i);
  return search.comparisons();
}

void measure_row(const Level& level, Field& field, int y) {
  const int stride = level.picture.width();
  const std::size_t to_corner = static_cast<std::size_t>(kRadius) * (static_cast<std::size_t>(stride) + 1);
  for (int x = 0; x < level.window.width; ++x) {
    const std::int32_t source = field.source.at(x, y);
    if (source == Field::kNone) continue;
    const std::size_t patch = level.picture.index(level.window.x + x, level.window.y + y);
    field.cost.at(x, y) = whole_distance(level.picture.data() + patch - to_corner,
                                         level.picture.data() + source - to_corner, stride);
  }
}

void difference_row(const Level& level, const Field& field, int y, Difference* differences) {
  const int stride = level.picture.width();
  const auto row_bytes = static_cast<std::ptrdiff_t>(sizeof(Texel)) * stride;
  const std::size_t to_corner = static_cast<std::size_t>(kRadius) * (static_cast<std::size_t>(stride) + 1);
  for (int x = 0; x < level.window.width; ++x) {
    const std::int32_t source = field.source.at(x, y);
    if (source == Field::kNone) continue;
    const std::size_t patch = level.picture.index(level.window.x + x, level.window.y + y);
    std::int32_t here[3];
    std::int32_t there[3];
    patch_sums(bytes_of(level.picture.data() + patch - to_corner), row_bytes, here);
    patch_sums(bytes_of(level.picture.data() + source - to_corner), row_bytes, there);
    differences[x] = {here[0] - there[0], here[1] - there[1], here[2] - there[2]};
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace inpaint::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace inpaint::engine {

HWY_EXPORT(improve_rows);
HWY_EXPORT(measure_row);
HWY_EXPORT(difference_row);
HWY_EXPORT(whole_distance);

Grid<std::uint8_t> find_sources(const Level& level, Workers& workers) {
  const int width = level.picture.width();
  const int height = level.picture.height();
  Grid<std::uint8_t> row_clear(width, height);
  Grid<std::uint8_t> sources(width, height);
  in_bands(workers, height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      int run = 0;
      for (int x = 0; x < width; ++x) {
        run = level.hole.at(x, y) == Hole::kNone ? run + 1 : 0;
        if (run >= kPatchWidth) row_clear.at(x - kRadius, y) = 1;
      }
    }
  });
  in_bands(workers, height, [&](int first, int last) {
    for (int y = std::max(first, kRadius); y < std::min(last, height - kRadius); ++y) {
      std::copy_n(row_clear.row(y - kRadius), width, sources.row(y));
      for (int dy = 1 - kRadius; dy <= kRadius; ++dy) {
        std::transform(row_clear.row(y + dy), row_clear.row(y + dy) + width, sources.row(y), sources.row(y),
                       std::bit_and<std::uint8_t>());
      }
    }
  });
  return sources;
}

void measure_costs(const Level& level, Field& field, Workers& workers) {
  in_bands(workers, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) HWY_DYNAMIC_DISPATCH(measure_row)(level, field, y);
  });
}

std::uint64_t improve(const Level& level, const Grid<std::uint8_t>& sources, const Sweep& sweep, Field& field,
                      Workers& workers) {
  // A band reads the outermost rows of its neighbours, so those rest meanwhile: even bands first, then odd.
  std::atomic<std::uint64_t> comparisons{0};
  const int rows = level.window.height;
  const int bands = (rows + kBand - 1) / kBand;
  for (int parity = 0; parity < 2; ++parity) {
    workers.each((bands + 1 - parity) / 2, [&](int pair) {
      const int first = (2 * pair + parity) * kBand;
      comparisons += HWY_DYNAMIC_DISPATCH(improve_rows)(level, sources, sweep, field, first,
                                                        std::min(first + kBand, rows));
    });
  }
  return comparisons;
}

void measure_differences(const Level& level, const Field& field, int window_y, Difference* differences) {
  HWY_DYNAMIC_DISPATCH(difference_row)(level, field, window_y, differences);
}

std::uint32_t patch_distance(const Texel* a, const Texel* b, int stride) {
  return HWY_DYNAMIC_DISPATCH(whole_distance)(a, b, stride);
}

}  // namespace inpaint::engine
#endif  // HWY_ONCE
