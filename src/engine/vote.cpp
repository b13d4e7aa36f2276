#include "engine/vote.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace inpaint::engine {
namespace {

// Log of how much less a patch counts for each third of a pixel further from the edge.
constexpr float kFadePerThird = 0.262F / 3;
constexpr float kMaximumShift = 9;   // grey levels
constexpr float kSmallest = 1e-30F;  // far enough from 0, which is no vote, to be made smaller by count()

// The cost that three quarters of the patches do not exceed: what counts as a good match in this hole.
float upper_quartile(const Field& field) {
  constexpr int kEvery = 4;
  constexpr std::size_t kEnough = 1 << 18;  // pixels; of more, some rows stand for all
  const int rows = 1 + static_cast<int>(field.source.index(0, field.source.height()) / kEnough);
  std::vector<std::uint32_t> costs;
  for (int y = 0; y < field.source.height(); y += rows) {
    for (int x = y % kEvery; x < field.source.width(); x += kEvery) {
      if (field.source.at(x, y) != Field::kNone) costs.push_back(field.cost.at(x, y));
    }
  }
  if (costs.empty()) return 1;
  const auto quartile = costs.begin() + static_cast<std::ptrdiff_t>(costs.size() * 3 / 4);
  std::nth_element(costs.begin(), quartile, costs.end());
  return static_cast<float>(std::max(*quartile, 1U));
}

}  // namespace

void weigh(const Level& level, const Field& field, Votes& votes, Workers& workers) {
  const float scale = -1 / upper_quartile(field);
  in_bands(workers, level.window.height, [&](int first, int last) {
    std::vector<Difference> differences(static_cast<std::size_t>(level.window.width));
    for (int y = first; y < last; ++y) {
      measure_differences(level, field, y, differences.data());
      for (int x = 0; x < level.window.width; ++x) {
        if (field.source.at(x, y) == Field::kNone) continue;
        const float weight = std::max(std::exp(static_cast<float>(field.cost.at(x, y)) * scale -
                                               kFadePerThird * static_cast<float>(level.depth.at(x, y))),
                                      kSmallest);
        const Difference& difference = differences[static_cast<std::size_t>(x)];
        const auto shift = [](std::int32_t sum) {
          return std::clamp(static_cast<float>(sum) / kPatchTexels, -kMaximumShift, kMaximumShift);
        };
        votes.red.at(x, y) = shift(difference.red);
        votes.green.at(x, y) = shift(difference.green);
        votes.blue.at(x, y) = shift(difference.blue);
        votes.weight.at(x, y) = weight;
      }
    }
  });
}

}  // namespace inpaint::engine
