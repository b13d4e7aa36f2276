#pragma once

#include <array>

#include "engine/image.h"
#include "engine/search.h"

namespace inpaint::engine {

// Every patch that covers a pixel of the hole votes for the pixel of its source in the same place: Y. Wexler,
// E. Shechtman and M. Irani, Space-Time Completion of Video, PAMI 29(3), 2007, section 3.2. A source is first
// shifted, by at most a few grey levels, to the mean of the patch that it stands for (the bias of S. Darabi
// et al., Image Melding, SIGGRAPH 2012), so that slow changes of brightness survive.
struct Vote {
  float weighted_shift[3] = {0, 0, 0};
  float weight = 0;
};

// How steeply votes fall off from the centre of a patch: 0 is a plain mean, which blurs; 1 nearly a copy.
struct Focus {
  float per_squared_pixel = 0;
};

// The same for each place in a patch.
using Kernel = std::array<float, kPatchTexels>;
Kernel kernel_of(const Focus& focus);

// Sets the votes of the level's patches, over its window: patches that found a good source weigh more, and
// those near the edge of the hole more than those inside. Those without a source are left as they are.
void weigh(const Level& level, const Field& field, Grid<Vote>& votes, Workers& workers);

// Replaces the estimate by the outcome.
void count(const Grid<Vote>& votes, const Field& field, const Focus& focus, Level& level, Workers& workers);

// The same from and to the samples of the original, which has the level's size, at its own depth.
void count_samples(const Grid<Vote>& votes, const Field& field, const Focus& focus, const Level& level,
                   Image& original, Workers& workers);

}  // namespace inpaint::engine
