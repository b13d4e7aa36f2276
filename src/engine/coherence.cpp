#include "engine/coherence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace inpaint::engine {
namespace {

// How much stronger the mean is along a clear direction (the paper's kappa), and the difference of the
// tensor's eigenvalues, in squared grey levels, that makes a direction clear.
constexpr float kSharpness = 25;
constexpr float kClear = 64;

// exp(-x) for 0 ≤ x < kTableEnd in steps of 1 / kTableSteps; beyond it is as good as nothing.
constexpr int kTableEnd = 12;
constexpr int kTableSteps = 32;

struct Colour {
  float red = 0;
  float green = 0;
  float blue = 0;
  bool known = false;
};

struct Gradient {
  float x = 0;
  float y = 0;
};

struct Neighbour {
  int dx;
  int dy;
  std::ptrdiff_t step;
  float gaussian;
  float nearness;  // 1 / distance
};

class Filling {
 public:
  Filling(Level& level, const CoherenceRange& range, Workers& workers)
      : level_(level),
        workers_(workers),
        margin_(range.radius + 2),
        colours_(level.window.width + 2 * margin_, level.window.height + 2 * margin_),
        gradients_(colours_.width(), colours_.height()),
        narrowness_(1 / (2 * static_cast<float>(range.radius * range.radius))) {
    for (int i = 0; i <= kTableEnd * kTableSteps; ++i) {
      table_[static_cast<std::size_t>(i)] = std::exp(-static_cast<float>(i) / kTableSteps);
    }
    list_neighbours(range);
    copy_known();
  }

  void run() {
    const Layers layers = layers_of(level_);
    for (std::size_t depth = 1; depth + 1 < layers.first.size(); ++depth) {
      in_layer(workers_, layers, depth, [&](std::int32_t pixel) { fill(pixel); });
      in_layer(workers_, layers, depth, [&](std::int32_t pixel) { make_known(pixel); });
      in_layer(workers_, layers, depth, [&](std::int32_t pixel) { measure_gradient(place(pixel)); });
    }
  }

 private:
  void list_neighbours(const CoherenceRange& range) {
    for (int dy = -range.radius; dy <= range.radius; ++dy) {
      for (int dx = -range.radius; dx <= range.radius; ++dx) {
        const int square = dx * dx + dy * dy;
        if (square == 0 || square > range.radius * range.radius) continue;
        const auto distance_squared = static_cast<float>(square);
        neighbours_.push_back({dx, dy, static_cast<std::ptrdiff_t>(dy) * colours_.width() + dx,
                               std::exp(-distance_squared / (2 * range.scale * range.scale)),
                               1 / std::sqrt(distance_squared)});
      }
    }
  }

  void copy_known() {
    const int left = level_.window.x;
    const int top = level_.window.y;
    in_bands(workers_, colours_.height(), [&](int first, int last) {
      for (int y = first; y < last; ++y) {
        for (int x = 0; x < colours_.width(); ++x) {
          const int picture_x = left + x - margin_;
          const int picture_y = top + y - margin_;
          if (!level_.picture.contains(picture_x, picture_y)) continue;
          if (level_.hole.at(picture_x, picture_y) != Hole::kNone) continue;
          const Texel& texel = level_.picture.at(picture_x, picture_y);
          colours_.at(x, y) = {static_cast<float>(texel.red), static_cast<float>(texel.green),
                               static_cast<float>(texel.blue), true};
        }
      }
    });
    in_bands(workers_, colours_.height(), [&](int first, int last) {
      for (int y = std::max(first, 1); y < std::min(last, colours_.height() - 1); ++y) {
        for (int x = 1; x < colours_.width() - 1; ++x) {
          if (colours_.at(x, y).known) measure_gradient(colours_.index(x, y));
        }
      }
    });
  }

  // Where a pixel of the window lies in colours_ and gradients_.
  std::size_t place(std::int32_t pixel) const {
    return colours_.index(pixel % level_.window.width + margin_, pixel / level_.window.width + margin_);
  }

  float brightness(std::size_t at) const {
    const Colour& colour = colours_.data()[at];
    return 0.3F * colour.red + 0.59F * colour.green + 0.11F * colour.blue;
  }

  // The slope along one axis, averaged across it as Sobel does, over the pairs whose both ends are known.
  float slope(std::size_t at, std::size_t along, std::size_t across) const {
    float sum = 0;
    float weights = 0;
    for (int side = -1; side <= 1; ++side) {
      const std::size_t middle = at + static_cast<std::size_t>(side) * across;
      const bool before = colours_.data()[middle - along].known;
      const bool after = colours_.data()[middle + along].known;
      const bool here = colours_.data()[middle].known;
      if (static_cast<int>(before) + static_cast<int>(here) + static_cast<int>(after) < 2) continue;
      const std::size_t from = before ? middle - along : middle;
      const std::size_t to = after ? middle + along : middle;
      if (from == to) continue;
      const float weight = (side == 0 ? 2.0F : 1.0F) * (before && after ? 1.0F : 0.5F);
      sum += weight * (brightness(to) - brightness(from)) / (before && after ? 2.0F : 1.0F);
      weights += weight;
    }
    return weights > 0 ? sum / weights : 0;
  }

  void measure_gradient(std::size_t at) {
    const auto row = static_cast<std::size_t>(colours_.width());
    gradients_.data()[at] = {slope(at, 1, row), slope(at, row, 1)};
  }

  float decay(float x) const {
    return x < kTableEnd ? table_[static_cast<std::size_t>(x * kTableSteps)] : 0.0F;
  }

  void fill(std::int32_t pixel) {
    const std::size_t at = place(pixel);
    const Colour* colours = colours_.data() + at;
    const Gradient* gradients = gradients_.data() + at;
    float xx = 0;
    float xy = 0;
    float yy = 0;
    float weights = 0;
    for (const Neighbour& neighbour : neighbours_) {
      if (!colours[neighbour.step].known) continue;
      const Gradient& gradient = gradients[neighbour.step];
      xx += neighbour.gaussian * gradient.x * gradient.x;
      xy += neighbour.gaussian * gradient.x * gradient.y;
      yy += neighbour.gaussian * gradient.y * gradient.y;
      weights += neighbour.gaussian;
    }
    if (weights == 0) return;
    const float sum = (xx + yy) / weights;
    const float difference = std::sqrt((xx - yy) * (xx - yy) + 4 * xy * xy) / weights;
    // The direction across the lines: the eigenvector of the larger eigenvalue.
    const float angle = 0.5F * std::atan2(2 * xy, xx - yy);
    const float across_x = std::cos(angle);
    const float across_y = std::sin(angle);
    const float relative = difference / (sum + 1);
    const float clear = difference > 0 ? std::exp(-kClear * kClear / (difference * difference)) : 0;
    const float sharpness = 1 + kSharpness * clear * relative * relative;
    const float narrow = sharpness * sharpness * narrowness_;
    Colour mean;
    float total = 0;
    for (const Neighbour& neighbour : neighbours_) {
      const Colour& colour = colours[neighbour.step];
      if (!colour.known) continue;
      const float across =
          across_x * static_cast<float>(neighbour.dx) + across_y * static_cast<float>(neighbour.dy);
      // The last term lets the nearest pixels decide where none lies in the direction.
      const float weight = neighbour.nearness * decay(narrow * across * across) + 1e-6F * neighbour.nearness;
      total += weight;
      mean.red += weight * colour.red;
      mean.green += weight * colour.green;
      mean.blue += weight * colour.blue;
    }
    Colour& filled = colours_.data()[at];
    filled.red = mean.red / total;
    filled.green = mean.green / total;
    filled.blue = mean.blue / total;
  }

  void make_known(std::int32_t pixel) {
    Colour& colour = colours_.data()[place(pixel)];
    colour.known = true;
    Texel& texel = level_.estimate(pixel % level_.window.width, pixel / level_.window.width);
    const auto rounded = [](float value) {
      return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
    };
    texel.red = rounded(colour.red);
    texel.green = rounded(colour.green);
    texel.blue = rounded(colour.blue);
  }

  Level& level_;
  Workers& workers_;
  int margin_;
  Grid<Colour> colours_;
  Grid<Gradient> gradients_;
  float narrowness_;
  std::array<float, kTableEnd * kTableSteps + 1> table_{};
  std::vector<Neighbour> neighbours_;
};

}  // namespace

void fill_by_coherence(Level& level, const CoherenceRange& range, Workers& workers) {
  Filling(level, range, workers).run();
}

}  // namespace inpaint::engine
