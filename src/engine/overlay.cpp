// No repair: the mask, white, at half transparency over the picture, to see what a mask covers.
#include "engine/model.h"
#include "engine/pixels.h"

namespace inpaint::engine {

Image fill_by_overlay(const Task& task) {
  const Image& region = task.region;
  Image result = region;
  const auto channels = static_cast<std::size_t>(region.channels());
  for (std::size_t pixel = 0; pixel < task.hole.pixels.size(); ++pixel) {
    if (task.hole.pixels[pixel] == 0) continue;
    for (std::size_t channel = 0; channel < colour_channels(region); ++channel) {
      const std::size_t index = pixel * channels + channel;
      set_sample(result, index, (sample_at(region, index) + white(region)) / 2);
    }
  }
  return result;
}

}  // namespace inpaint::engine
