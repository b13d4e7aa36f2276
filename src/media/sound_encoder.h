#pragma once

#include <cstdint>
#include <functional>
#include <memory>

extern "C" {
#include <libavutil/audio_fifo.h>
#include <libswresample/swresample.h>
}

#include "media/libav.h"

namespace inpaint::media {

// Turns the packets of a sound stream into AAC of the same rate, mono or stereo.
class SoundEncoder {
 public:
  // Takes a packet whose times count samples.
  using Write = std::function<void(AVPacket&)>;

  // Null when the stream's codec is not supported.
  static std::unique_ptr<SoundEncoder> open(const AVStream& source, bool global_header);

  const AVCodecContext& codec() const { return *encoder_; }

  // The first packet's time, in samples, says where the sound begins. What can't be decoded is passed over.
  void encode(const AVPacket& packet, std::int64_t time, const Write& write);
  void finish(const Write& write);

 private:
  SoundEncoder(CodecPointer decoder, CodecPointer encoder);
  void decode(const AVPacket* packet, const Write& write);
  void encode_queued(int least_samples, const Write& write);
  void send(const AVFrame* frame, const Write& write);

  struct FreeResampler {
    void operator()(SwrContext* resampler) const { swr_free(&resampler); }
  };
  struct FreeFifo {
    void operator()(AVAudioFifo* fifo) const { av_audio_fifo_free(fifo); }
  };

  CodecPointer decoder_;
  CodecPointer encoder_;
  std::unique_ptr<SwrContext, FreeResampler> resampler_;
  std::unique_ptr<AVAudioFifo, FreeFifo> queued_;
  std::int64_t next_time_ = AV_NOPTS_VALUE;  // of the next frame to encode
};

}  // namespace inpaint::media
