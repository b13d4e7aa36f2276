#pragma once

#include "engine/level.h"

namespace inpaint::engine {

struct CoherenceRange {
  int radius;   // of the disc of known pixels that a pixel is made of
  float scale;  // standard deviation of the Gaussian over which the direction is averaged
};

// Fills the hole of level.picture from its edge inwards, continuing lines: F. Bornemann and T. März, Fast
// Image Inpainting Based on Coherence Transport, Journal of Mathematical Imaging and Vision 28, 2007. A pixel
// is a mean of known ones around it, of those most that lie in the direction in which the picture changes
// least (the structure tensor's), the more so the clearer that direction is. What is as far from the edge is
// filled at once, from what is nearer, so that the order within a layer does not matter.
void fill_by_coherence(Level& level, const CoherenceRange& range, Workers& workers);

}  // namespace inpaint::engine
