#pragma once

#include <vector>

#include "engine/level.h"

namespace inpaint::engine {

// Where the surroundings of the hole repeat at some offset (a chessboard, a wall, a straight edge along
// itself), the hole holds what lies at that offset. The offsets are found as the frequent ones of K. He and
// J. Sun, Statistics of Patch Offsets for Image Completion, ECCV 2012, but taken only where there is no
// doubt: few natural pictures repeat so exactly, and all others stay as they are.
//
// levels: finest first. Replaces the estimate of every level, or of none.
void fill_by_repetition(std::vector<Level>& levels, Workers& workers);

}  // namespace inpaint::engine
