// Videos <-> frames. MP4 and AVI are read with the FFmpeg libraries: every frame that is wanted is decoded
// once and handed on, so that memory does not grow with the length of the video.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/image.h"
#include "media/media.h"
#include "media/sampling_rate.h"

namespace inpaint::media {

enum class VideoFormat { kMp4, kAvi };

// By the first bytes of the file: the QuickTime and MP4 family, or AVI; nothing for any other file.
std::optional<VideoFormat> detect_video(const std::filesystem::path& file);

// "mp4" or "avi"
std::string_view extension(VideoFormat format);

// Throws kInvalid UNSUPPORTED_FORMAT when the name's extension is not the format's.
void check_extension(std::string_view file_name, VideoFormat format);

// Bounds for one video, besides Limits for each of its frames.
struct VideoLimits {
  std::int64_t maximum_pixels = 10'000'000;  // of one frame
  std::int64_t maximum_seconds = 3600;
  std::int64_t maximum_frames = 10'000;                   // that are taken
  std::int64_t maximum_decoded_pixels = 225'000'000'000;  // in all: an hour of 1920 x 1080 at 30 a second
};

// How many pixels a frame has, by the file's header; a frame that has more will not be decoded. Throws what
// the header gives VideoReader to throw.
std::int64_t pixels_of_frame(const std::filesystem::path& file, const VideoLimits& limits);

// Reads the frames of a video in order. With a rate, frame n is the last one whose time stamp is at most
// n / rate after the first one's, for as long as the video lasts, so there is at least one; without, every
// frame at its own time. Rotation and mirroring are applied; 8 bits, R, G, B.
class VideoReader {
 public:
  // Throws kInvalid UNSUPPORTED_FORMAT, BAD_VIDEO, kTooLarge VIDEO_TOO_LARGE, VIDEO_TOO_LONG.
  VideoReader(const std::filesystem::path& file, const SamplingRate& rate, const VideoLimits& limits);
  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) = delete;

  // As shown.
  int width() const;
  int height() const;
  // The width of a pixel by its height, as shown.
  Fraction pixel_aspect() const;

  bool has_sound() const;

  // How many frames next() will give at least, without decoding any.
  std::int64_t expected_frames() const;

  // The unit of times and durations, in seconds.
  Fraction time_base() const;

  struct Frame {
    engine::Image image;
    std::int64_t time = 0;  // after the first frame, which is at 0; increasing
  };
  // Nothing after the last frame. Throws as the constructor does, for what only decoding shows: a file that
  // is cut off or damaged is refused at the place where it is.
  std::optional<Frame> next();

  // When the last frame ends; known after the last call of next().
  std::int64_t end_time() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// What a frame of a mask video marks; white = hole. Its pixels must be grey (channels within 16 of each
// other) and within 64 of 0 or 255, but for one pixel for every ten places where black meets white.
// (Measured on sharp masks: x264 at CRF 28 puts one in a hundred and fifty places further off, at CRF 35 one
// in forty; an anti-aliased mask has one in three.) Throws kInvalid MASK_NOT_BINARY, naming `frame`.
engine::Mask mask_of_frame(const engine::Image& image, std::int64_t frame);

}  // namespace inpaint::media
