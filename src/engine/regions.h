#pragma once

#include <cstddef>
#include <vector>

#include "engine/image.h"

namespace inpaint::engine {

struct Rectangle {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

// A part of the picture that is worked on by itself.
struct Region {
  Rectangle box;          // the holes of the region with their surroundings
  std::size_t holes = 0;  // pixels of the region's own
  int label = 0;
};

// Divides a mask into regions whose holes are so far apart that they do not see each other, so that a small
// hole costs the same in a small picture and in a large one.
class Regions {
 public:
  // A region shows at least this many pixels around its holes, as far as the picture goes: as many as the
  // side of a square of its holes' area, if that is more.
  static constexpr int kMargin = 32;
  // At least this many known pixels lie between the holes of two regions.
  static constexpr int kApart = 32;

  explicit Regions(const Mask& mask);

  const std::vector<Region>& list() const { return regions_; }
  std::size_t holes() const { return holes_; }

  // The region whose own the hole at this pixel is.
  int label_at(int x, int y) const;

 private:
  int columns_;
  std::vector<int> labels_;  // of the cells of a coarse grid; 0: no hole in it
  std::vector<Region> regions_;
  std::size_t holes_ = 0;
};

}  // namespace inpaint::engine
