#include "engine/synthesis.h"

#include <algorithm>
#include <array>

namespace inpaint::engine {
namespace {

constexpr int kFinerReach = 32;    // pixels around what the coarser level found
constexpr int kFarthest = 256;     // pixels around a patch of the coarsest level
constexpr int kFarthestThin = 48;  // the same where the hole is so thin that no level is coarser
constexpr int kTries = 64;

// S. Vigna's splitmix64: numbers that look independent for any two seeds.
std::uint64_t scrambled(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

// Whether the patch around a pixel of the window overlaps what is to be filled.
bool overlaps_hole(const Level& level, int x, int y) {
  if (level.in_hole(x, y)) return true;
  // Where the hole of another region is left, nothing that is filled is so near.
  if (level.hole.at(level.window.x + x, level.window.y + y) != Hole::kNone) return false;
  for (int dy = -kRadius; dy <= kRadius; ++dy) {
    for (int dx = -kRadius; dx <= kRadius; ++dx) {
      if (level.depth.contains(x + dx, y + dy) && level.in_hole(x + dx, y + dy)) return true;
    }
  }
  return false;
}

Field empty_field(const Level& level) {
  return {Grid<std::int32_t>(level.window.width, level.window.height, Field::kNone),
          Grid<std::uint32_t>(level.window.width, level.window.height)};
}

}  // namespace

Effort effort_of(Quality quality) {
  switch (quality) {
    case Quality::kLow:
      return {2, 1, 1, 1, 1};
    case Quality::kMedium:
      return {10, 4, 3, 2, 1};
    case Quality::kHigh:
      return {10, 4, 5, 3, 2};
  }
  return {10, 4, 3, 2, 1};
}

Synthesis::Synthesis(std::vector<Level>& levels, const Effort& effort, std::uint64_t seed, Workers& workers)
    : levels_(levels),
      effort_(effort),
      seed_(seed),
      farthest_(levels.size() == 1 ? kFarthestThin : kFarthest),
      workers_(workers) {}

void Synthesis::run(const std::function<void(double)>& progress) {
  double done = 0;
  for (std::size_t i = levels_.size(); i-- > 0;) {
    Level& level = levels_[i];
    const bool coarsest = i + 1 == levels_.size();
    sources_ = find_sources(level, workers_);
    votes_ = {};
    if (coarsest) {
      begin(level);
    } else {
      begin_from(levels_[i + 1], level);
      levels_[i + 1] = {};
    }
    votes_ = Votes(level.window);
    if (!coarsest) {
      weigh(level, field_, votes_, workers_);
      count(votes_, field_, level, workers_);
      mix_with_guide(level);
    }
    level.guide = {};
    level.lack = {};
    const int rounds = coarsest ? effort_.coarsest_rounds : i == 0 ? effort_.finest_rounds : effort_.rounds;
    refine(level, rounds, i == 0 ? effort_.finest_sweeps : effort_.sweeps);
    done = i == 0 ? 1 : done + (1 - done) / static_cast<double>(std::size_t{1} << (2 * i));
    if (progress) progress(done);
  }
}

Image Synthesis::with_samples(Image original) const {
  count_samples(votes_, field_, levels_.front(), original, workers_);
  return original;
}

bool Synthesis::is_wanted(const Level& level, int x, int y) const {
  const int picture_x = level.window.x + x;
  const int picture_y = level.window.y + y;
  // In the picture, a patch that is no source overlaps a hole.
  return picture_x >= kRadius && picture_y >= kRadius && picture_x < level.picture.width() - kRadius &&
         picture_y < level.picture.height() - kRadius && sources_.at(picture_x, picture_y) == 0 &&
         overlaps_hole(level, x, y);
}

void Synthesis::begin(const Level& level) {
  field_ = empty_field(level);
  in_bands(workers_, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < level.window.width; ++x) {
        if (!is_wanted(level, x, y)) continue;
        const std::uint64_t chance = scrambled(seed_ + level.depth.index(x, y));
        field_.source.at(x, y) = source_by_chance(level.window.x + x, level.window.y + y, chance);
      }
    }
  });
}

// A source not far from (x, y), if there is one; of farther ones a large picture has many, but no better.
std::int32_t Synthesis::source_by_chance(int x, int y, std::uint64_t chance) const {
  const int left = std::max(x - farthest_, 0);
  const int top = std::max(y - farthest_, 0);
  const int width = std::min(x + farthest_ + 1, sources_.width()) - left;
  const int height = std::min(y + farthest_ + 1, sources_.height()) - top;
  for (int i = 0; i < kTries; ++i) {
    chance = scrambled(chance);
    const auto place =
        static_cast<int>(chance % (static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height)));
    const std::size_t source = sources_.index(left + place % width, top + place / width);
    if (sources_.data()[source] != 0) return static_cast<std::int32_t>(source);
  }
  const std::uint8_t* end = sources_.row(sources_.height());
  const std::uint8_t* next = std::find(sources_.row(top), end, 1);
  if (next == end) next = std::find(sources_.data(), end, 1);
  return static_cast<std::int32_t>(next - sources_.data());
}

// The source at (x, y) or near it; else one by chance.
std::int32_t Synthesis::source_near(int x, int y, std::uint64_t chance) const {
  constexpr int kNearest = 12;
  constexpr std::array<std::pair<int, int>, 8> kDirections{
      {{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}};
  const auto found = [&](int to_x, int to_y) {
    return sources_.contains(to_x, to_y) && sources_.at(to_x, to_y) != 0;
  };
  if (found(x, y)) return static_cast<std::int32_t>(sources_.index(x, y));
  for (int step = 1; step <= kNearest; ++step) {
    for (const auto& [dx, dy] : kDirections) {
      if (found(x + step * dx, y + step * dy)) {
        return static_cast<std::int32_t>(sources_.index(x + step * dx, y + step * dy));
      }
    }
  }
  return source_by_chance(x, y, chance);
}

void Synthesis::begin_from(const Level& coarse, const Level& level) {
  const Field before = std::move(field_);
  field_ = empty_field(level);
  const int coarse_width = coarse.picture.width();
  const auto nearest = [&](int x, int y) {
    std::pair<int, int> best{-1, -1};
    for (int ring = 0; ring <= kRadius + 1; ++ring) {
      for (int dy = -ring; dy <= ring; ++dy) {
        for (int dx = -ring; dx <= ring; ++dx) {
          if (std::max(std::abs(dx), std::abs(dy)) != ring || !before.source.contains(x + dx, y + dy))
            continue;
          if (before.source.at(x + dx, y + dy) != Field::kNone) return std::pair{x + dx, y + dy};
        }
      }
    }
    return best;
  };
  in_bands(workers_, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < level.window.width; ++x) {
        if (!is_wanted(level, x, y)) continue;
        const int picture_x = level.window.x + x;
        const int picture_y = level.window.y + y;
        const auto [near_x, near_y] =
            nearest(picture_x / 2 - coarse.window.x, picture_y / 2 - coarse.window.y);
        int to_x = picture_x;
        int to_y = picture_y;
        if (near_x >= 0) {
          const std::int32_t source = before.source.at(near_x, near_y);
          to_x = picture_x + 2 * (source % coarse_width - (coarse.window.x + near_x));
          to_y = picture_y + 2 * (source / coarse_width - (coarse.window.y + near_y));
        }
        to_x = std::clamp(to_x, kRadius, level.picture.width() - 1 - kRadius);
        to_y = std::clamp(to_y, kRadius, level.picture.height() - 1 - kRadius);
        field_.source.at(x, y) = source_near(to_x, to_y, scrambled(seed_ + level.depth.index(x, y)));
      }
    }
  });
}

void Synthesis::refine(Level& level, int rounds, int sweeps) {
  const bool coarsest = &level == &levels_.back();
  const int reach =
      coarsest ? std::min(std::max(level.picture.width(), level.picture.height()), farthest_) : kFinerReach;
  for (int round = 0; round < rounds; ++round) {
    measure_costs(level, field_, workers_);
    for (int i = 0; i < sweeps; ++i) {
      comparisons_ +=
          improve(level, sources_, {scrambled(seed_ + ++sweep_), sweep_ % 2 == 0, reach}, field_, workers_);
    }
    weigh(level, field_, votes_, workers_);
    count(votes_, field_, level, workers_);
  }
}

void Synthesis::mix_with_guide(Level& level) {
  in_bands(workers_, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < level.window.width; ++x) {
        if (!level.in_hole(x, y)) continue;
        const int lack = level.lack.at(x, y);
        const Texel& guide = level.guide.at(x, y);
        Texel& texel = level.estimate(x, y);
        const auto mix = [lack](int smooth, int textured) {
          return static_cast<std::uint8_t>((smooth * (255 - lack) + textured * lack + 127) / 255);
        };
        texel = {mix(guide.red, texel.red), mix(guide.green, texel.green), mix(guide.blue, texel.blue),
                 texel.texture};
      }
    }
  });
}

}  // namespace inpaint::engine
