#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/grid.h"
#include "engine/workers.h"

namespace inpaint::engine {

// Patches are squares of 2 * kRadius + 1 texels. A power of two less one, so that a row of one is a register.
constexpr int kRadius = 3;
constexpr int kPatchWidth = 2 * kRadius + 1;
constexpr int kPatchTexels = kPatchWidth * kPatchWidth;

// Of a pixel: known, to be filled, or in the hole of another region, which is filled only where it may be
// seen.
enum class Hole : std::uint8_t { kNone, kOwn, kElsewhere };

// One size of the picture. `picture` holds what is known and, in the hole, the present estimate.
struct Level {
  Picture picture;
  Grid<Hole> hole;
  // Where patches may overlap a hole: the holes' bounding box grown by kRadius, cut at the picture's edge.
  Rectangle window;
  // Over the window: thirds of a pixel to what is known (chamfer distance 3-4), 0 where nothing is filled.
  Grid<std::uint16_t> depth;
  int deepest = 0;  // of the region's own holes
  // Over the window: the structure that is expected in the hole, without texture (see coherence.h).
  Picture guide;
  // Over the window: how much of the texture the guide lacks, 0 (nothing) to 255 (all).
  Grid<std::uint8_t> lack;

  Texel& estimate(int window_x, int window_y) { return picture.at(window.x + window_x, window.y + window_y); }
  const Texel& estimate(int window_x, int window_y) const {
    return picture.at(window.x + window_x, window.y + window_y);
  }
  // Whether the pixel is filled.
  bool in_hole(int window_x, int window_y) const { return depth.at(window_x, window_y) > 0; }
};

// The picture of the next level, half as large: a pixel is the mean of the known ones among the 4x4 that it
// covers, and is hole if two or more of its own four are.
Level reduced(const Level& level, Workers& workers);

// The estimate and what is known of `fine`, at half the size, as the estimate of `half`; and the other way,
// bilinear. Texel::texture stays.
void reduce_estimate(const Level& fine, Level& half, Workers& workers);
void expand_estimate(const Level& half, Level& fine, Workers& workers);

// Leaves the holes of other regions as they are from now on, by setting their depth to 0.
void leave_elsewhere(Level& level, Workers& workers);

// Sets window, depth and deepest from hole.
void measure_depth(Level& level, const Workers& workers);

// The hole's pixels of the window, as indices into it, by depth: those of depth d are from
// first[d] to first[d + 1].
struct Layers {
  std::vector<std::int32_t> pixels;
  std::vector<std::int32_t> first;
};
Layers layers_of(const Level& level);

// Calls work(pixel) for each pixel of a layer, in any order.
template <typename Work>
void in_layer(Workers& workers, const Layers& layers, std::size_t depth, const Work& work) {
  constexpr int kPiece = 32;
  const int first = layers.first[depth];
  const int count = layers.first[depth + 1] - first;
  workers.each((count + kPiece - 1) / kPiece, [&](int piece) {
    const int end =
        first + (piece + 1) * kPiece < first + count ? first + (piece + 1) * kPiece : first + count;
    for (int i = first + piece * kPiece; i < end; ++i) work(layers.pixels[static_cast<std::size_t>(i)]);
  });
}

}  // namespace inpaint::engine
