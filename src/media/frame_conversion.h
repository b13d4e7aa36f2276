#pragma once

#include <cstdint>
#include <vector>

#include "engine/image.h"
#include "media/libav.h"
#include "media/orientation.h"

struct SwsContext;

namespace inpaint::media {

// Decoded frames <-> R, G, B. Where a frame does not say which matrix its colours are of, it is what players
// take: BT.709 from 720 lines on, BT.601 below. Keeps its tables between frames of one shape.
class FrameConversion {
 public:
  FrameConversion() = default;
  ~FrameConversion();
  FrameConversion(const FrameConversion&) = delete;
  FrameConversion& operator=(const FrameConversion&) = delete;

  engine::Image to_image(const AVFrame& frame, Orientation orientation);

  // Fills a yuv420p frame whose buffers are there, of even size: the image's, where need be one pixel more
  // at the right and the bottom, which repeats the last. The image has 1 or 3 channels of 8 bits.
  void to_frame(const engine::Image& image, AVFrame& frame);

 private:
  void prepare(const AVFrame& from, const AVFrame& to);

  SwsContext* context_ = nullptr;
  std::vector<std::uint8_t> rows_;  // R, G, B as stored
};

// The matrix for frames of that height: BT.709 or BT.601 (SMPTE 170M).
AVColorSpace usual_matrix(int height);

}  // namespace inpaint::media
