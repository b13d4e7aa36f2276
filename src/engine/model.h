#pragma once

#include <functional>

#include "engine/engine.h"
#include "engine/image.h"
#include "engine/workers.h"

// Inside engine/ only: what a model has to offer. Each has a file of its own and stands in the table of
// engine.cpp.
namespace inpaint::engine {

// In Task::hole: the hole of another region. Nothing is known there, and what a model leaves there is
// ignored.
constexpr std::uint8_t kHoleElsewhere = 128;

struct Task {
  const Image& region;  // a part of a picture: the hole with its surroundings
  const Mask& hole;     // 0: known; kHole: to be filled; kHoleElsewhere
  const Parameters& parameters;
  Workers& workers;
  std::function<void(double)> progress;  // takes the fraction that is done, from the calling thread
  std::uint64_t* comparisons = nullptr;  // for measuring: increased by the patches that were compared
};

// Fills the hole. What a model does to pixels outside it and to alpha is ignored.
using Fill = Image (*)(const Task& task);

Image fill_by_patches(const Task& task);
Image fill_by_telea(const Task& task);
Image fill_by_navier_stokes(const Task& task);
Image fill_by_overlay(const Task& task);

}  // namespace inpaint::engine
