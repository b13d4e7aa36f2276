#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/engine.h"
#include "engine/level.h"
#include "engine/search.h"
#include "engine/vote.h"

namespace inpaint::engine {

// How much is done at a level: rounds of search and vote, sweeps of search in a round.
struct Effort {
  int coarsest_rounds;
  int rounds;
  int finest_rounds;
  int sweeps;
  int finest_sweeps;
};
Effort effort_of(Quality quality);

// From the coarsest level to the finest: the patches of the hole look for their like among the known ones and
// vote for new pixels, in turns (Wexler et al. 2007); the next level begins with the sources found so far,
// and takes from them as much as its guide lacks of texture.
class Synthesis {
 public:
  // levels: finest first, with estimate, guide and lack; the finest has sources. All must outlive this, and
  // what run() needs no longer it empties.
  Synthesis(std::vector<Level>& levels, const Effort& effort, std::uint64_t seed, Workers& workers);

  // Leaves the result in the finest level's estimate. progress: fractions from 0 to 1.
  void run(const std::function<void(double)>& progress);

  // How many patches run() compared.
  std::uint64_t comparisons() const { return comparisons_; }

  // After run(): the original with the outcome of the last vote, counted again on its own samples.
  Image with_samples(Image original) const;

 private:
  // Whether the patch around a pixel of the window lies in the picture and overlaps the hole.
  bool is_wanted(const Level& level, int x, int y) const;
  void begin(const Level& level);
  void begin_from(const Level& coarse, const Level& level);
  std::int32_t source_by_chance(int x, int y, std::uint64_t chance) const;
  std::int32_t source_near(int x, int y, std::uint64_t chance) const;
  void refine(Level& level, int rounds, int sweeps);
  void mix_with_guide(Level& level);

  std::vector<Level>& levels_;
  const Effort effort_;
  const std::uint64_t seed_;
  const int farthest_;  // pixels between a patch of the coarsest level and where its search begins
  Workers& workers_;
  Field field_;
  Grid<std::uint8_t> sources_;
  Votes votes_;
  std::uint64_t sweep_ = 0;
  std::uint64_t comparisons_ = 0;
};

}  // namespace inpaint::engine
