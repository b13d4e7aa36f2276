// M. Bertalmio, A. L. Bertozzi and G. Sapiro, Navier-Stokes, Fluid Dynamics, and Image and Video Inpainting,
// CVPR 2001: lines of equal brightness are carried into the hole as a fluid carries its vorticity.
#include "engine/diffusion.h"
#include "engine/model.h"

namespace inpaint::engine {

Image fill_by_navier_stokes(const Task& task) {
  return diffuse(Diffusion::kNavierStokes, task.region, task.hole, task.parameters.quality);
}

}  // namespace inpaint::engine
