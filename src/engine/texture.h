#pragma once

#include "engine/level.h"

// Texture as a fourth channel beside colour (Newson et al. 2017, section 3.3), so that patches are told apart
// by how busy they are even where the estimate is still smooth.
namespace inpaint::engine {

// Sets Texel::texture: where known, the mean absolute Laplacian of the luma around a pixel, kTextureGain
// times, from known pixels only; in the hole, what its edge has, carried inwards.
void measure_texture(Level& level, Workers& workers);

// Sets Level::lack from the guide's own texture and from Texel::texture.
void measure_lack(Level& level, Workers& workers);

}  // namespace inpaint::engine
