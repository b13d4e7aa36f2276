// Owners for what the FFmpeg libraries allocate, and the two ways in which their calls fail. Only the .cpp
// files of media/ that deal with videos include this.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/rational.h>
}

#include <memory>
#include <string>

#include "base/error.h"
#include "media/sampling_rate.h"

namespace inpaint::media {

struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct FreeCodec {
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
};
using FramePointer = std::unique_ptr<AVFrame, FreeFrame>;
using PacketPointer = std::unique_ptr<AVPacket, FreePacket>;
using CodecPointer = std::unique_ptr<AVCodecContext, FreeCodec>;

template <typename Pointer>
Pointer allocated(Pointer pointer) {
  if (!pointer) throw std::bad_alloc();
  return pointer;
}
inline FramePointer make_frame() {
  return allocated(FramePointer(av_frame_alloc()));
}
inline PacketPointer make_packet() {
  return allocated(PacketPointer(av_packet_alloc()));
}
inline CodecPointer make_codec(const AVCodec* codec) {
  return allocated(CodecPointer(avcodec_alloc_context3(codec)));
}

// By itself it writes to stderr. To be called before anything else.
inline void silence_libav() {
  av_log_set_level(AV_LOG_QUIET);
}

inline AVRational to_rational(const Fraction& fraction) {
  AVRational rational;
  av_reduce(&rational.num, &rational.den, fraction.numerator, fraction.denominator, INT32_MAX);
  return rational;
}

// For calls that fail only when something of ours is wrong; returns what they return.
inline int check_libav(int result, const char* what) {
  if (result == AVERROR(ENOMEM)) throw std::bad_alloc();
  if (is_disk_full(AVUNERROR(result))) throw storage_full();
  if (result < 0) throw internal(std::string("libav: ") + what + ": error " + std::to_string(result));
  return result;
}

// For what a stranger's file causes. `reason` is a clause such as "it ends too early".
inline Error bad_video(const std::string& reason) {
  return invalid("BAD_VIDEO", "The video cannot be read: " + reason + ".");
}

}  // namespace inpaint::media
