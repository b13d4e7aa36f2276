#pragma once

#include <cstdint>

#include "engine/level.h"

namespace inpaint::engine {

// For each patch that overlaps the hole, the known patch that is most like it: C. Barnes et al.,
// PatchMatch: A Randomized Correspondence Algorithm for Structural Image Editing, SIGGRAPH 2009.
struct Field {
  // Over the level's window: the index in the picture of the source's centre, or kNone where the centre's
  // patch is not wholly in the picture or does not overlap the hole.
  Grid<std::int32_t> source;
  // The sum of squared differences of all channels between the patch and its source.
  Grid<std::uint32_t> cost;

  static constexpr std::int32_t kNone = -1;
};

// Over the picture: 1 where a patch of known pixels only is centred.
Grid<std::uint8_t> find_sources(const Level& level, Workers& workers);

struct Sweep {
  std::uint64_t seed = 0;
  bool backwards = false;
  int reach = 0;  // pixels; the random search begins with this radius
};

// Sets each cost from its source, or leaves it where there is none.
void measure_costs(const Level& level, Field& field, Workers& workers);

// One sweep: each patch tries what its neighbours found, and random places around the best so far. Returns
// how many patches it compared.
std::uint64_t improve(const Level& level, const Grid<std::uint8_t>& sources, const Sweep& sweep, Field& field,
                      Workers& workers);

// The mean of each colour of the patch at `centre` less that of its source, in 1 / kPatchTexels grey levels.
struct Difference {
  std::int32_t red;
  std::int32_t green;
  std::int32_t blue;
};
void measure_differences(const Level& level, const Field& field, int window_y, Difference* differences);

// The sum of squared differences of two patches given by their upper left texels, as improve() takes it; for
// measuring. Rows are `stride` texels apart.
std::uint32_t patch_distance(const Texel* a, const Texel* b, int stride);

}  // namespace inpaint::engine
