#include "media/video_decoder.h"

extern "C" {
#include <libavutil/display.h>
#include <libavutil/mathematics.h>
}

#include <algorithm>
#include <cstdlib>
#include <string>

namespace inpaint::media {
namespace {

constexpr int kDecoderThreads = 2;

AVStream* picture_stream(const Container& container) {
  AVStream* stream = container.find_stream(AVMEDIA_TYPE_VIDEO);
  if (stream == nullptr) throw bad_video("it holds no pictures");
  return stream;
}

// A display matrix (a b u; c d v; x y w) takes the stored (p, q) to the shown (a p + c q, b p + d q). One
// that is not a quarter turn is taken as the nearest.
Orientation orientation_of(const AVStream& stream) {
  const auto* matrix = reinterpret_cast<const std::int32_t*>(
      av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr));
  if (matrix == nullptr) return Orientation::kNormal;
  const std::int64_t a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
  if (std::abs(a) + std::abs(d) >= std::abs(b) + std::abs(c)) {
    if (a < 0) return d < 0 ? Orientation::kRotated180 : Orientation::kMirrored;
    return d < 0 ? Orientation::kFlipped : Orientation::kNormal;
  }
  if (b < 0) return c < 0 ? Orientation::kTransversed : Orientation::kRotated270;
  return c < 0 ? Orientation::kRotated90 : Orientation::kTransposed;
}

std::int64_t pixels_of(const AVStream& stream) {
  return std::int64_t{stream.codecpar->width} * stream.codecpar->height;
}

void check_size(const AVStream& stream, const VideoLimits& limits) {
  const int width = stream.codecpar->width, height = stream.codecpar->height;
  if (width < 1 || height < 1) throw bad_video("its header does not say how large it is");
  if (pixels_of(stream) <= limits.maximum_pixels) return;
  throw Error(ErrorKind::kTooLarge, "VIDEO_TOO_LARGE",
              "The video is " + std::to_string(width) + " x " + std::to_string(height) + " pixels; at most " +
                  std::to_string(limits.maximum_pixels) + " pixels are accepted.");
}

// How many pixels a decoder may allocate at a time: more than a frame has, because it works on whole blocks
// and in a strip of some 280 rows.
std::int64_t pixels_to_allocate(const AVStream& stream) {
  constexpr std::int64_t kMargin = 320;
  return (stream.codecpar->width + kMargin) * (stream.codecpar->height + kMargin);
}

CodecPointer open_decoder(const AVStream& stream) {
  const AVCodec* decoder = avcodec_find_decoder(stream.codecpar->codec_id);
  if (decoder == nullptr) throw bad_video("its codec is not supported");
  CodecPointer codec = make_codec(decoder);
  check_libav(avcodec_parameters_to_context(codec.get(), stream.codecpar), "parameters");
  codec->pkt_timebase = stream.time_base;
  codec->thread_count = kDecoderThreads;
  codec->max_pixels = pixels_to_allocate(stream);
  codec->codec_whitelist = av_strdup(kCodecs);
  if (avcodec_open2(codec.get(), decoder, nullptr) < 0) throw bad_video("its codec is not supported");
  return codec;
}

std::int64_t whole_seconds(std::int64_t time, AVRational time_base) {
  return av_rescale_q_rnd(time, time_base, {1, 1}, AV_ROUND_DOWN);
}

}  // namespace

std::int64_t pixels_of_frame(const std::filesystem::path& file, const VideoLimits& limits) {
  const Container container(file);
  const AVStream* stream = picture_stream(container);
  check_size(*stream, limits);
  return pixels_of(*stream);
}

VideoDecoder::VideoDecoder(const std::filesystem::path& file, const VideoLimits& limits)
    : limits_(limits),
      container_(file),
      stream_(picture_stream(container_)),
      orientation_(orientation_of(*stream_)) {
  check_size(*stream_, limits);
  container_.probe(pixels_to_allocate(*stream_));
  check_size(*stream_, limits);
  codec_ = open_decoder(*stream_);
}

AVRational VideoDecoder::pixel_aspect() const {
  constexpr int kMostDistorted = 16;
  const AVRational stated = stream_->sample_aspect_ratio;  // by the file, which may scale; else by the codec
  const AVRational aspect = stated.num > 0 ? stated : stream_->codecpar->sample_aspect_ratio;
  const bool is_sane = aspect.num > 0 && aspect.den > 0 && aspect.num / kMostDistorted <= aspect.den &&
                       aspect.den / kMostDistorted <= aspect.num;
  return is_sane ? aspect : AVRational{1, 1};
}

FramePointer VideoDecoder::next() {
  FramePointer frame = make_frame();
  while (true) {
    const int result = avcodec_receive_frame(codec_.get(), frame.get());
    if (result == AVERROR_EOF) return nullptr;
    if (result == 0) break;
    if (result != AVERROR(EAGAIN)) throw damaged();
    send_packet();
  }
  take_time(*frame);
  check_frame(*frame);
  return frame;
}

// An empty packet tells the decoder that no more will come.
void VideoDecoder::send_packet() {
  const bool more = container_.read(*stream_, *packet_);
  if (avcodec_send_packet(codec_.get(), more ? packet_.get() : nullptr) < 0) throw damaged();
}

void VideoDecoder::take_time(const AVFrame& frame) {
  const std::int64_t guessed = time_ + duration();
  const bool is_first = !start_.has_value();
  const std::int64_t stamp = frame.best_effort_timestamp;
  if (is_first) start_ = stamp == AV_NOPTS_VALUE ? 0 : stamp;
  stated_duration_ = std::max<std::int64_t>(frame.pkt_duration, 0);
  if (is_first) return;
  time_ = std::max(stamp == AV_NOPTS_VALUE ? guessed : stamp - *start_, time_ + 1);
}

std::int64_t VideoDecoder::duration() const {
  if (stated_duration_ > 0) return stated_duration_;
  const AVRational rate = stream_->avg_frame_rate;
  if (rate.num <= 0 || rate.den <= 0) return 1;
  return std::max<std::int64_t>(1, av_rescale_q(1, av_inv_q(rate), stream_->time_base));
}

void VideoDecoder::check_frame(const AVFrame& frame) {
  if (frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0) throw damaged();
  if (frame.width != width() || frame.height != height()) {
    throw bad_video("the size of its pictures changes on the way");
  }
  decoded_pixels_ += std::int64_t{frame.width} * frame.height;
  if (decoded_pixels_ > limits_.maximum_decoded_pixels) {
    throw Error(ErrorKind::kTooLarge, "VIDEO_TOO_LONG",
                "The video has too many pictures for their size: at most " +
                    std::to_string(limits_.maximum_decoded_pixels / 1'000'000) +
                    " million pixels are decoded in all.");
  }
  if (av_compare_ts(time_ + duration(), time_base(), limits_.maximum_seconds, {1, 1}) > 0) {
    throw Error(ErrorKind::kTooLarge, "VIDEO_TOO_LONG",
                "The video is longer than " + std::to_string(limits_.maximum_seconds) + " seconds.");
  }
}

Error VideoDecoder::damaged() const {
  return bad_video("it is damaged after second " + std::to_string(whole_seconds(time_, time_base())));
}

}  // namespace inpaint::media
