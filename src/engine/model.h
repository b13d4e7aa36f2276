#pragma once

#include "engine/engine.h"
#include "engine/image.h"

// Inside engine/ only: what a model has to offer. Each has a file of its own and stands in the table of
// engine.cpp.
namespace inpaint::engine {

// Fills the hole of one region: a part of a picture with the hole's surroundings. What it does to pixels
// outside the hole and to alpha is ignored.
using Fill = Image (*)(const Image& region, const Mask& hole, const Parameters& parameters);

Image fill_by_telea(const Image& region, const Mask& hole, const Parameters& parameters);
Image fill_by_navier_stokes(const Image& region, const Mask& hole, const Parameters& parameters);
Image fill_by_overlay(const Image& region, const Mask& hole, const Parameters& parameters);

}  // namespace inpaint::engine
