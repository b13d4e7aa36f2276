#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/regions.h"

namespace inpaint::engine {

// Values in rows, without padding between them. A few spare values at the end let a vector register that
// begins at the last one be loaded whole.
template <typename Value>
class Grid {
 public:
  Grid() = default;
  Grid(int width, int height, Value value = {})
      : width_(width),
        height_(height),
        values_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) + kSpare, value) {}

  int width() const { return width_; }
  int height() const { return height_; }
  bool contains(int x, int y) const { return x >= 0 && y >= 0 && x < width_ && y < height_; }
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
  }
  Value& at(int x, int y) { return values_[index(x, y)]; }
  const Value& at(int x, int y) const { return values_[index(x, y)]; }
  Value* row(int y) { return values_.data() + index(0, y); }
  const Value* row(int y) const { return values_.data() + index(0, y); }
  Value* data() { return values_.data(); }
  const Value* data() const { return values_.data(); }

 private:
  static constexpr std::size_t kSpare = 16;

  int width_ = 0;
  int height_ = 0;
  std::vector<Value> values_;
};

// A pixel as the engine compares it: colour, and how busy its surroundings are (see texture.h).
struct Texel {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  std::uint8_t texture = 0;
};

using Picture = Grid<Texel>;

inline int luma(const Texel& texel) {
  return (77 * texel.red + 150 * texel.green + 29 * texel.blue + 128) >> 8;
}

}  // namespace inpaint::engine
