#pragma once

#include "engine/engine.h"
#include "engine/image.h"

namespace inpaint::engine {

enum class Diffusion { kTelea, kNavierStokes };

// OpenCV's cv::inpaint over the colour channels, of which it knows 8-bit grey, 8-bit RGB and 16-bit grey;
// other kinds go channel by channel. The radius within which known pixels count follows the quality.
Image diffuse(Diffusion method, const Image& region, const Mask& hole, Quality quality);

}  // namespace inpaint::engine
