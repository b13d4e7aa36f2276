#pragma once

#include "engine/image.h"
#include "engine/search.h"

namespace inpaint::engine {

// Every patch that covers a pixel of the hole votes for the pixel of its source in the same place: Y. Wexler,
// E. Shechtman and M. Irani, Space-Time Completion of Video, PAMI 29(3), 2007, section 3.2. A source is first
// shifted, by at most a few grey levels, to the mean of the patch that it stands for (the bias of S. Darabi
// et al., Image Melding, SIGGRAPH 2012), so that slow changes of brightness survive.
struct Vote {
  float shift[3] = {0, 0, 0};  // grey levels of red, green, blue
  float weight = 0;
};

// Sets the votes of the level's patches, over its window: patches that found a good source weigh more, and
// those near the edge of the hole more than those inside. Those without a source are left as they are.
void weigh(const Level& level, const Field& field, Grid<Vote>& votes, Workers& workers);

// Replaces the estimate by the mode of the votes, the colour that most are near: where red and blue meet, one
// of them and not a mixture.
void count(const Grid<Vote>& votes, const Field& field, Level& level, Workers& workers);

// The mean of the votes, from and to the samples of the original, which has the level's size, at its own
// depth.
void count_samples(const Grid<Vote>& votes, const Field& field, const Level& level, Image& original,
                   Workers& workers);

}  // namespace inpaint::engine
