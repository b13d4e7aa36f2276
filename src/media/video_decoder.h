#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "media/container.h"
#include "media/libav.h"
#include "media/orientation.h"
#include "media/video.h"

namespace inpaint::media {

// The decoded frames of a video's picture stream in the order in which they are shown, within limits.
class VideoDecoder {
 public:
  // Throws as VideoReader does.
  VideoDecoder(const std::filesystem::path& file, const VideoLimits& limits);

  // The next frame, or null after the last.
  FramePointer next();

  // Of the frame that next() returned last, in the stream's time base: when it is shown, counted from the
  // first frame and strictly increasing, and for how long (at least 1).
  std::int64_t time() const { return time_; }
  std::int64_t duration() const;

  AVRational time_base() const { return stream_->time_base; }
  Orientation orientation() const { return orientation_; }
  // As stored. The aspect of a pixel is its width by its height; 1 where the file does not say, or nonsense.
  AVRational pixel_aspect() const;
  int width() const { return stream_->codecpar->width; }
  int height() const { return stream_->codecpar->height; }
  bool has_sound() const { return container_.find_stream(AVMEDIA_TYPE_AUDIO) != nullptr; }
  Container::Extent indexed_extent() const { return container_.indexed_extent(*stream_); }

 private:
  void send_packet();
  void take_time(const AVFrame& frame);
  void check_frame(const AVFrame& frame);
  Error damaged() const;

  const VideoLimits limits_;
  Container container_;
  AVStream* stream_;
  Orientation orientation_;
  CodecPointer codec_;
  PacketPointer packet_ = make_packet();
  std::optional<std::int64_t> start_;  // the first frame's time stamp
  std::int64_t time_ = 0;
  std::int64_t stated_duration_ = 0;  // 0: not stated
  std::int64_t decoded_pixels_ = 0;
};

}  // namespace inpaint::media
