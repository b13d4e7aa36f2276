extern "C" {
#include <libavutil/mathematics.h>
}

#include <algorithm>
#include <string>
#include <utility>

#include "media/frame_conversion.h"
#include "media/libav.h"
#include "media/video.h"
#include "media/video_decoder.h"

namespace inpaint::media {

// Two frames are held: the one that is shown and the one that comes after it, because only the second tells
// how long the first one lasts.
class VideoReader::Implementation {
 public:
  Implementation(const std::filesystem::path& file, const SamplingRate& rate, const VideoLimits& limits)
      : limits_(limits), decoder_(file, limits), rate_(rate.frames_per_second) {
    check_count(expected_frames());
  }

  int width() const { return swaps_sides(decoder_.orientation()) ? decoder_.height() : decoder_.width(); }
  int height() const { return swaps_sides(decoder_.orientation()) ? decoder_.width() : decoder_.height(); }

  AVRational pixel_aspect() const {
    const AVRational stored = decoder_.pixel_aspect();
    return swaps_sides(decoder_.orientation()) ? av_inv_q(stored) : stored;
  }

  bool has_sound() const { return decoder_.has_sound(); }

  AVRational unit() const { return rate_ ? av_inv_q(to_rational(*rate_)) : decoder_.time_base(); }

  std::int64_t expected_frames() const {
    const Container::Extent extent = decoder_.indexed_extent();
    if (!rate_) return std::max<std::int64_t>(1, extent.frames);
    return 1 + av_rescale_q_rnd(extent.duration, decoder_.time_base(), unit(), AV_ROUND_DOWN);
  }

  std::optional<Frame> next() {
    if (!begun_) begin();
    if (rate_) {
      while (upcoming_.frame && is_due(upcoming_.time)) step();
    }
    if (!shown_.frame || (rate_ && has_ended())) return std::nullopt;
    check_count(count_ + 1);
    Frame frame{conversion_.to_image(*shown_.frame, decoder_.orientation()), rate_ ? count_ : shown_.time};
    ++count_;
    end_time_ = rate_ ? count_ : shown_.time + shown_.duration;
    if (!rate_) step();
    return frame;
  }

  std::int64_t end_time() const { return end_time_; }

 private:
  struct Decoded {
    FramePointer frame;
    std::int64_t time = 0;  // in the stream's time base
    std::int64_t duration = 0;
  };

  Decoded decode() {
    Decoded decoded{decoder_.next(), 0, 0};
    decoded.time = decoder_.time();
    decoded.duration = decoder_.duration();
    return decoded;
  }

  void begin() {
    begun_ = true;
    shown_ = decode();
    if (!shown_.frame) throw bad_video("it holds no pictures");
    upcoming_ = decode();
  }

  void step() {
    shown_ = std::move(upcoming_);
    upcoming_ = shown_.frame ? decode() : Decoded{};
  }

  // Whether the time is at or before that of the sample to come; exact.
  bool is_due(std::int64_t time) const {
    return av_compare_ts(time, decoder_.time_base(), count_, unit()) <= 0;
  }

  // Every video gives one sample, however short it is.
  bool has_ended() const { return count_ > 0 && !upcoming_.frame && is_due(shown_.time + shown_.duration); }

  void check_count(std::int64_t count) const {
    if (count <= limits_.maximum_frames) return;
    throw Error(ErrorKind::kTooLarge, "VIDEO_TOO_LONG",
                "More than " + std::to_string(limits_.maximum_frames) +
                    " frames would be taken of the video. A lower fps takes fewer.");
  }

  const VideoLimits limits_;
  VideoDecoder decoder_;
  const std::optional<Fraction> rate_;
  FrameConversion conversion_;
  bool begun_ = false;
  Decoded shown_;
  Decoded upcoming_;        // no frame: the video ends with the one that is shown
  std::int64_t count_ = 0;  // frames that were given
  std::int64_t end_time_ = 0;
};

VideoReader::VideoReader(const std::filesystem::path& file, const SamplingRate& rate,
                         const VideoLimits& limits)
    : implementation_(std::make_unique<Implementation>(file, rate, limits)) {}
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;

int VideoReader::width() const {
  return implementation_->width();
}
int VideoReader::height() const {
  return implementation_->height();
}
Fraction VideoReader::pixel_aspect() const {
  const AVRational aspect = implementation_->pixel_aspect();
  return {aspect.num, aspect.den};
}
bool VideoReader::has_sound() const {
  return implementation_->has_sound();
}
std::int64_t VideoReader::expected_frames() const {
  return implementation_->expected_frames();
}
Fraction VideoReader::time_base() const {
  const AVRational unit = implementation_->unit();
  return {unit.num, unit.den};
}
std::optional<VideoReader::Frame> VideoReader::next() {
  return implementation_->next();
}
std::int64_t VideoReader::end_time() const {
  return implementation_->end_time();
}

}  // namespace inpaint::media
