#include "engine/repetition.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <tuple>

namespace inpaint::engine {
namespace {

struct Offset {
  int x = 0;
  int y = 0;
};

struct Candidate {
  Offset offset;
  float error = 0;
};

constexpr int kReach = 64;  // pixels of the coarsest level
// Known pixels no further than this from the hole's window are its surroundings; so many of them are
// compared.
constexpr int kAround = 4 * kRadius;
constexpr std::size_t kSamples = 256;
// Two pixels by chance differ by twice the variance. An offset counts if its pairs differ by this part of it.
constexpr float kDoubtless = 0.12F;
// Surroundings of less variance, in squared grey levels of three channels, are flat.
constexpr float kFlat = 12;
// An offset has to serve at least one in so many pixels of the hole: a short one only smears its edge
// inwards.
constexpr int kServes = 4;
constexpr std::size_t kMostTried = 256;
constexpr std::size_t kMostKept = 16;

int squared_difference(const Texel& a, const Texel& b) {
  const int red = a.red - b.red;
  const int green = a.green - b.green;
  const int blue = a.blue - b.blue;
  return red * red + green * green + blue * blue;
}

bool is_known(const Level& level, int x, int y) {
  return level.hole.contains(x, y) && level.hole.at(x, y) == Hole::kNone;
}

// What is known around the hole of a level, to judge offsets by.
class Surroundings {
 public:
  explicit Surroundings(const Level& level) : level_(level) {
    const auto& [left, top, width, height] = level.window;
    std::vector<Offset> all;
    for (int y = std::max(top - kAround, 0); y < std::min(top + height + kAround, level.hole.height()); ++y) {
      for (int x = std::max(left - kAround, 0); x < std::min(left + width + kAround, level.hole.width());
           ++x) {
        if (level.hole.at(x, y) == Hole::kNone) all.push_back({x, y});
      }
    }
    // In an order that leaps about, so that a few of them already speak for all.
    constexpr std::size_t kLeap = 0x9e3779b1U;
    for (std::size_t i = 0; i < kSamples && !all.empty(); ++i)
      samples_.push_back(all[i * kLeap % all.size()]);
    limit_ = kDoubtless * 2 * variance();
  }

  bool are_flat() const { return limit_ <= kDoubtless * 2 * kFlat; }

  // The mean squared difference of what lies apart by the offset, or nothing if there is doubt.
  std::optional<float> error(const Offset& offset) const {
    const auto most = static_cast<int>(limit_ * static_cast<float>(samples_.size()));
    int sum = 0;
    int pairs = 0;
    for (const Offset& sample : samples_) {
      const int x = sample.x + offset.x;
      const int y = sample.y + offset.y;
      if (!is_known(level_, x, y)) continue;
      sum += squared_difference(level_.picture.at(sample.x, sample.y), level_.picture.at(x, y));
      ++pairs;
      if (sum > most) return std::nullopt;
    }
    const float mean = static_cast<float>(sum) / static_cast<float>(std::max(pairs, 1));
    if (2 * static_cast<std::size_t>(pairs) < samples_.size() || mean > limit_) return std::nullopt;
    return mean;
  }

 private:
  float variance() const {
    float red = 0;
    float green = 0;
    float blue = 0;
    float squares = 0;
    for (const Offset& sample : samples_) {
      const Texel& texel = level_.picture.at(sample.x, sample.y);
      red += texel.red;
      green += texel.green;
      blue += texel.blue;
      squares += static_cast<float>(squared_difference(texel, {}));
    }
    const auto count = static_cast<float>(std::max(samples_.size(), std::size_t{1}));
    return squares / count - (red * red + green * green + blue * blue) / (count * count);
  }

  const Level& level_;
  std::vector<Offset> samples_;
  float limit_ = 0;
};

// The offsets of a level that leave no doubt, the best first.
std::vector<Candidate> doubtless_offsets(const Level& level, Workers& workers) {
  const Surroundings surroundings(level);
  if (surroundings.are_flat()) return {};
  const int reach_x = std::min(kReach, level.picture.width() - 1);
  const int reach_y = std::min(kReach, level.picture.height() - 1);
  std::vector<std::vector<Candidate>> rows(static_cast<std::size_t>(2 * reach_y + 1));
  workers.each(2 * reach_y + 1, [&](int row) {
    for (int x = -reach_x; x <= reach_x; ++x) {
      const Offset offset{x, row - reach_y};
      const std::optional<float> error = surroundings.error(offset);
      if (error) rows[static_cast<std::size_t>(row)].push_back({offset, *error});
    }
  });
  std::vector<Candidate> candidates;
  for (const auto& row : rows) candidates.insert(candidates.end(), row.begin(), row.end());
  const auto order = [](const Candidate& candidate) {
    const auto& [x, y] = candidate.offset;
    return std::tuple(candidate.error, x * x + y * y, y, x);
  };
  std::ranges::sort(candidates, {}, order);
  return candidates;
}

// The best offsets that together serve every pixel that is to be filled; none if they do not.
std::vector<Offset> offsets_that_serve(const Level& level, const std::vector<Candidate>& candidates) {
  const Layers layers = layers_of(level);
  std::vector<Offset> unserved;
  for (const std::int32_t pixel : layers.pixels) {
    const int x = level.window.x + pixel % level.window.width;
    const int y = level.window.y + pixel / level.window.width;
    if (level.hole.at(x, y) == Hole::kOwn) unserved.push_back({x, y});
  }
  const std::vector<Offset> hole = unserved;
  std::vector<Offset> kept;
  for (std::size_t i = 0; i < std::min(candidates.size(), kMostTried) && kept.size() < kMostKept; ++i) {
    const Offset& offset = candidates[i].offset;
    const auto serves = [&](const Offset& pixel) {
      return is_known(level, pixel.x + offset.x, pixel.y + offset.y);
    };
    if (std::ranges::count_if(hole, serves) * kServes < std::ssize(hole)) continue;
    if (std::erase_if(unserved, serves) > 0) kept.push_back(offset);
    if (unserved.empty()) return kept;
  }
  return {};
}

// The same offset for the level of twice the size; nothing if there is doubt about it.
std::optional<Offset> refined(const Surroundings& surroundings, const Offset& half) {
  std::optional<Candidate> best;
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      const Offset offset{2 * half.x + dx, 2 * half.y + dy};
      const std::optional<float> error = surroundings.error(offset);
      if (error && (!best || *error < best->error)) best = {offset, *error};
    }
  }
  if (!best) return std::nullopt;
  return best->offset;
}

void copy_from(const std::vector<Offset>& offsets, Level& level, Workers& workers) {
  in_bands(workers, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < level.window.width; ++x) {
        if (!level.in_hole(x, y)) continue;
        for (const Offset& offset : offsets) {
          const int from_x = level.window.x + x + offset.x;
          const int from_y = level.window.y + y + offset.y;
          if (!is_known(level, from_x, from_y)) continue;
          level.estimate(x, y) = level.picture.at(from_x, from_y);
          break;
        }
      }
    }
  });
}

}  // namespace

void fill_by_repetition(std::vector<Level>& levels, Workers& workers) {
  const Level& coarsest = levels.back();
  std::vector<Offset> offsets = offsets_that_serve(coarsest, doubtless_offsets(coarsest, workers));
  for (std::size_t i = levels.size() - 1; i-- > 0 && !offsets.empty();) {
    workers.throw_if_cancelled();
    const Surroundings surroundings(levels[i]);
    for (Offset& offset : offsets) {
      const std::optional<Offset> fine = refined(surroundings, offset);
      if (!fine) return;
      offset = *fine;
    }
  }
  if (offsets.empty()) return;
  copy_from(offsets, levels.front(), workers);
  for (std::size_t i = 1; i < levels.size(); ++i) reduce_estimate(levels[i - 1], levels[i], workers);
}

}  // namespace inpaint::engine
