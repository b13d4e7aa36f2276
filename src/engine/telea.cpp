// A. Telea, An Image Inpainting Technique Based on the Fast Marching Method, Journal of Graphics Tools 9(1),
// 2004: from the hole's edge inwards, each pixel is the weighted mean of the known ones near it.
#include "engine/diffusion.h"
#include "engine/model.h"

namespace inpaint::engine {

Image fill_by_telea(const Task& task) {
  return diffuse(Diffusion::kTelea, task.region, task.hole, task.parameters.quality);
}

}  // namespace inpaint::engine
