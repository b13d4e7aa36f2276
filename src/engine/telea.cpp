// A. Telea, An Image Inpainting Technique Based on the Fast Marching Method, Journal of Graphics Tools 9(1),
// 2004: from the hole's edge inwards, each pixel is the weighted mean of the known ones near it.
#include "engine/diffusion.h"
#include "engine/model.h"

namespace inpaint::engine {

Image fill_by_telea(const Image& region, const Mask& hole, const Parameters& parameters) {
  return diffuse(Diffusion::kTelea, region, hole, parameters.quality);
}

}  // namespace inpaint::engine
