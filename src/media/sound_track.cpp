#include "media/sound_track.h"

extern "C" {
#include <libavutil/mathematics.h>
}

#include <algorithm>
#include <array>

namespace inpaint::media {
namespace {

constexpr AVRational kMilliseconds{1, 1000};
// Some codecs need what comes before the first sample that is heard. The muxer hides it by an edit list.
constexpr std::int64_t kRunUpMs = 100;

bool plays_in_mp4(AVCodecID codec) {
  constexpr std::array kCopied{AV_CODEC_ID_AAC, AV_CODEC_ID_MP3, AV_CODEC_ID_OPUS, AV_CODEC_ID_FLAC};
  return std::find(kCopied.begin(), kCopied.end(), codec) != kCopied.end();
}

// When the first picture is shown, in the time base of `stream`.
std::int64_t start_of_pictures(const Container& container, const AVStream& stream) {
  const AVStream* pictures = container.find_stream(AVMEDIA_TYPE_VIDEO);
  if (pictures == nullptr || pictures->start_time == AV_NOPTS_VALUE) return 0;
  return av_rescale_q(pictures->start_time, pictures->time_base, stream.time_base);
}

}  // namespace

SoundTrack::SoundTrack(const std::filesystem::path& source, AVFormatContext& output)
    : output_(output), container_(source), source_(container_.find_stream(AVMEDIA_TYPE_AUDIO)) {
  if (source_ == nullptr) return;
  container_.probe(VideoLimits{}.maximum_pixels);
  start_ = start_of_pictures(container_, *source_);
  const bool copied = plays_in_mp4(source_->codecpar->codec_id);
  if (!copied) {
    encoder_ = SoundEncoder::open(*source_, (output.oformat->flags & AVFMT_GLOBALHEADER) != 0);
    if (!encoder_) {
      source_ = nullptr;
      return;
    }
  }
  target_ = avformat_new_stream(&output, nullptr);
  if (target_ == nullptr) throw std::bad_alloc();
  check_libav(copied ? avcodec_parameters_copy(target_->codecpar, source_->codecpar)
                     : avcodec_parameters_from_context(target_->codecpar, &encoder_->codec()),
              "sound parameters");
  target_->codecpar->codec_tag = 0;
  target_->time_base = copied ? source_->time_base : encoder_->codec().time_base;
}

void SoundTrack::write_before(std::int64_t time, AVRational time_base) {
  while (is_pending_ || read()) {
    if (av_compare_ts(pending_->pts - start_, source_->time_base, time, time_base) >= 0) return;
    write_pending();
  }
}

void SoundTrack::finish() {
  if (encoder_) encoder_->finish([this](AVPacket& packet) { write(packet, encoder_->codec().time_base); });
}

// The next packet that is heard; false when there is none, or it can't be read.
bool SoundTrack::read() {
  if (source_ == nullptr) return false;
  try {
    while (container_.read(*source_, *pending_)) {
      if (pending_->pts == AV_NOPTS_VALUE) pending_->pts = pending_->dts;
      if (pending_->pts == AV_NOPTS_VALUE) continue;
      if (av_compare_ts(pending_->pts - start_, source_->time_base, -kRunUpMs, kMilliseconds) < 0) continue;
      return is_pending_ = true;
    }
  } catch (const Error&) {
    // The sound ends where it is damaged; the pictures go on.
  }
  source_ = nullptr;
  return false;
}

void SoundTrack::write_pending() {
  is_pending_ = false;
  if (encoder_) {
    const AVRational samples = encoder_->codec().time_base;
    const std::int64_t time = av_rescale_q(pending_->pts - start_, source_->time_base, samples);
    return encoder_->encode(*pending_, time, [&](AVPacket& packet) { write(packet, samples); });
  }
  pending_->pts -= start_;
  pending_->dts = pending_->pts;
  write(*pending_, source_->time_base);
}

void SoundTrack::write(AVPacket& packet, AVRational time_base) {
  packet.stream_index = target_->index;
  packet.pos = -1;
  av_packet_rescale_ts(&packet, time_base, target_->time_base);
  check_libav(av_interleaved_write_frame(&output_, &packet), "write sound");
}

}  // namespace inpaint::media
