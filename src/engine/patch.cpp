// The engine's own method, coarse to fine: what structure is expected in the hole is continued from its edge
// (coherence.h), and patches of the known picture then give it detail (search.h, vote.h). docs/engine.md
// tells it as a whole.
#include <algorithm>
#include <vector>

#include "engine/coherence.h"
#include "engine/model.h"
#include "engine/pixels.h"
#include "engine/regions.h"
#include "engine/repetition.h"
#include "engine/synthesis.h"
#include "engine/texture.h"

namespace inpaint::engine {
namespace {

// The hole of the coarsest level is at most this deep, in pixels, and its picture at least this wide.
constexpr int kShallow = 4;
constexpr int kSmallestPicture = 24;
// A hole no deeper than this is continued at full size; of a deeper one a smaller picture, in which fine
// texture does not divert the lines.
constexpr int kThin = 16;
constexpr int kDeep = 40;
constexpr CoherenceRange kNear{5, 3};
constexpr CoherenceRange kWide{7, 4};
constexpr int kThirds = 3;

Hole hole_at(const Mask& hole, std::size_t pixel) {
  if (hole.pixels[pixel] == 0) return Hole::kNone;
  return hole.pixels[pixel] == kHoleElsewhere ? Hole::kElsewhere : Hole::kOwn;
}

Level first_level(const Image& region, const Mask& hole, Workers& workers) {
  Level level;
  level.picture = Picture(region.width(), region.height());
  level.hole = Grid<Hole>(region.width(), region.height());
  const auto channels = static_cast<std::size_t>(region.channels());
  const int down = region.bits() - 8;
  in_bands(workers, region.height(), [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < region.width(); ++x) {
        const std::size_t pixel = level.picture.index(x, y);
        level.hole.at(x, y) = hole_at(hole, pixel);
        if (level.hole.at(x, y) != Hole::kNone) continue;
        const auto colour = [&](std::size_t channel) {
          const std::size_t sample = channels < 3 ? 0 : channel;
          return static_cast<std::uint8_t>(sample_at(region, pixel * channels + sample) >> down);
        };
        level.picture.at(x, y) = {colour(0), colour(1), colour(2), 0};
      }
    }
  });
  return level;
}

bool has_sources(const Level& level, Workers& workers) {
  const Grid<std::uint8_t> sources = find_sources(level, workers);
  return std::find(sources.data(), sources.row(sources.height()), 1) != sources.row(sources.height());
}

// The levels, finest first.
std::vector<Level> pyramid(Level finest, Workers& workers) {
  std::vector<Level> levels;
  measure_depth(finest, workers);
  levels.push_back(std::move(finest));
  while (levels.back().deepest > kShallow * kThirds) {
    Level half = reduced(levels.back(), workers);
    if (std::min(half.picture.width(), half.picture.height()) < kSmallestPicture) break;
    measure_depth(half, workers);
    if (half.deepest == 0 || !has_sources(half, workers)) break;
    levels.push_back(std::move(half));
  }
  for (Level& level : levels) measure_texture(level, workers);
  return levels;
}

std::size_t guide_level(const std::vector<Level>& levels) {
  const int depth = levels.front().deepest / kThirds;
  std::size_t level = depth <= kThin ? 0 : 1;
  while (depth >> level > kDeep) ++level;
  return std::min(level, levels.size() - 1);
}

// Sets the estimate of every level to what the surroundings of the hole lead to expect.
void guide(std::vector<Level>& levels, Workers& workers) {
  const std::size_t middle = guide_level(levels);
  fill_by_coherence(levels[middle], middle == 0 ? kNear : kWide, workers);
  for (std::size_t i = middle + 1; i < levels.size(); ++i) {
    reduce_estimate(levels[i - 1], levels[i], workers);
  }
  for (std::size_t i = middle; i-- > 0;) expand_estimate(levels[i + 1], levels[i], workers);
  fill_by_repetition(levels, workers);
  for (Level& level : levels) {
    level.guide = Picture(level.window.width, level.window.height);
    in_bands(workers, level.window.height, [&](int first, int last) {
      for (int y = first; y < last; ++y) {
        std::copy_n(&level.estimate(0, y), level.window.width, level.guide.row(y));
      }
    });
    measure_lack(level, workers);
  }
}

// Whether the level is so fine that no patch overlaps the holes of two regions: one that overlaps a hole
// reaches 2 * kRadius pixels out of it.
bool is_apart(std::size_t level) {
  return (Regions::kApart >> level) > 2 * kRadius;
}

void leave_holes_of_others(std::vector<Level>& levels, Workers& workers) {
  for (std::size_t i = 0; i < levels.size() && is_apart(i); ++i) leave_elsewhere(levels[i], workers);
}

// The picture with the estimate in its hole, at its own depth.
Image with_estimate(Image image, const Level& level, Workers& workers) {
  const auto channels = static_cast<std::size_t>(image.channels());
  const std::uint32_t step = white(image) / 255;
  in_bands(workers, level.window.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      for (int x = 0; x < level.window.width; ++x) {
        if (!level.in_hole(x, y)) continue;
        const Texel& texel = level.estimate(x, y);
        const std::array<std::uint8_t, 3> colours{texel.red, texel.green, texel.blue};
        const std::size_t pixel = level.picture.index(level.window.x + x, level.window.y + y);
        for (std::size_t c = 0; c < colour_channels(image); ++c) {
          set_sample(image, pixel * channels + c, colours[c] * step);
        }
      }
    }
  });
  return image;
}

}  // namespace

Image fill_by_patches(const Task& task) {
  std::vector<Level> levels = pyramid(first_level(task.region, task.hole, task.workers), task.workers);
  // A level on which patches see the holes of others needs them guided, and that begins on finer ones.
  const bool sees_others = !is_apart(levels.size() - 1);
  if (!sees_others) leave_holes_of_others(levels, task.workers);
  guide(levels, task.workers);
  if (sees_others) leave_holes_of_others(levels, task.workers);
  // Where no patch of the picture is wholly known, there is nothing to copy.
  if (has_sources(levels.front(), task.workers)) {
    Synthesis synthesis(levels, effort_of(task.parameters.quality), task.parameters.seed, task.workers);
    synthesis.run(task.progress);
    if (task.comparisons != nullptr) *task.comparisons += synthesis.comparisons();
    if (task.region.bits() == 16) return synthesis.with_samples(task.region);
  }
  return with_estimate(task.region, levels.front(), task.workers);
}

}  // namespace inpaint::engine
