#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "engine/image.h"
#include "media/sampling_rate.h"

namespace inpaint::media {

struct VideoShape {
  int width = 0;  // of the frames, in pixels
  int height = 0;
  Fraction time_base;          // the unit of times and durations, in seconds
  Fraction frames_per_second;  // on average; helps the encoder, changes no time
  Fraction pixel_aspect{};     // the width of a pixel by its height, as players show it
};

// Writes an MP4 that browsers play: H.264 in yuv420p, visually lossless (CRF 18), the index in front of the
// pictures (faststart), a key frame at least every five seconds. yuv420p has even sides: where the frames
// have an odd one, the last column or row stands twice. Only a few frames are held at a time.
class VideoWriter {
 public:
  // `sound_source`: a video whose sound is taken over, up to the end of the pictures; copied when it is of a
  // kind that browsers play in MP4 (AAC, MP3, Opus, FLAC), else encoded as AAC. Sound that can't be read is
  // left out from there on. Throws kUnavailable STORAGE_FULL.
  VideoWriter(const std::filesystem::path& file, const VideoShape& shape,
              const std::optional<std::filesystem::path>& sound_source);
  // Without finish() what was written is no video.
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  // A frame of 8 bits without alpha, of the shape's size. Times increase from 0; durations ≥ 1.
  void add(const engine::Image& image, std::int64_t time, std::int64_t duration);
  void finish();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace inpaint::media
