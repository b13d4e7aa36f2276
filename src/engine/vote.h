#pragma once

#include "engine/image.h"
#include "engine/search.h"

namespace inpaint::engine {

// Every patch that covers a pixel of the hole votes for the pixel of its source in the same place: Y. Wexler,
// E. Shechtman and M. Irani, Space-Time Completion of Video, PAMI 29(3), 2007, section 3.2. A source is first
// shifted, by at most a few grey levels, to the mean of the patch that it stands for (the bias of S. Darabi
// et al., Image Melding, SIGGRAPH 2012), so that slow changes of brightness survive.
struct Votes {
  Votes() = default;
  explicit Votes(const Rectangle& window)
      : red(window.width, window.height),
        green(window.width, window.height),
        blue(window.width, window.height),
        weight(window.width, window.height) {}

  // Over the level's window, for the patch at each place: the shift in grey levels, and how much it counts; 0
  // and 0 where none has voted.
  Grid<float> red;
  Grid<float> green;
  Grid<float> blue;
  Grid<float> weight;
};

// Sets the votes of the level's patches: those that found a good source weigh more, and those near the edge
// of the hole more than those inside. Those without a source are left as they are.
void weigh(const Level& level, const Field& field, Votes& votes, Workers& workers);

// Replaces the estimate by the mode of the votes, the colour that most are near: where red and blue meet, one
// of them and not a mixture.
void count(const Votes& votes, const Field& field, Level& level, Workers& workers);

// The same from and to the samples of the original, which has the level's size, at its own depth.
void count_samples(const Votes& votes, const Field& field, const Level& level, Image& original,
                   Workers& workers);

}  // namespace inpaint::engine
