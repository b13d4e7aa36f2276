#include "media/sound_encoder.h"

#include <algorithm>

#include "media/container.h"

namespace inpaint::media {
namespace {

constexpr int kBitsPerChannel = 96'000;  // a second
constexpr int kSampleRates[] = {8000, 11'025, 12'000, 16'000, 22'050, 24'000, 32'000, 44'100, 48'000};

int nearest_rate(int rate) {
  return *std::min_element(std::begin(kSampleRates), std::end(kSampleRates),
                           [&](int a, int b) { return std::abs(a - rate) < std::abs(b - rate); });
}

CodecPointer open_sound_decoder(const AVStream& source) {
  const AVCodec* decoder = avcodec_find_decoder(source.codecpar->codec_id);
  if (decoder == nullptr) return nullptr;
  CodecPointer codec = make_codec(decoder);
  codec->codec_whitelist = av_strdup(kCodecs);
  if (avcodec_parameters_to_context(codec.get(), source.codecpar) < 0) return nullptr;
  if (avcodec_open2(codec.get(), decoder, nullptr) < 0) return nullptr;
  if (codec->sample_rate <= 0 || codec->ch_layout.nb_channels <= 0) return nullptr;
  if (codec->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_default(&codec->ch_layout, codec->ch_layout.nb_channels);
  }
  return codec;
}

CodecPointer open_encoder(const AVCodecContext& decoder, bool global_header) {
  const AVCodec* aac = avcodec_find_encoder(AV_CODEC_ID_AAC);
  if (aac == nullptr) throw internal("libav: no AAC encoder");
  CodecPointer codec = make_codec(aac);
  const int channels = std::min(2, decoder.ch_layout.nb_channels);
  av_channel_layout_default(&codec->ch_layout, channels);
  codec->sample_rate = nearest_rate(decoder.sample_rate);
  codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
  codec->bit_rate = std::int64_t{kBitsPerChannel} * channels;
  codec->time_base = {1, codec->sample_rate};
  if (global_header) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  check_libav(avcodec_open2(codec.get(), aac, nullptr), "AAC");
  return codec;
}

FramePointer frame_of(const AVCodecContext& encoder, int samples) {
  FramePointer frame = make_frame();
  frame->nb_samples = samples;
  frame->format = encoder.sample_fmt;
  frame->sample_rate = encoder.sample_rate;
  check_libav(av_channel_layout_copy(&frame->ch_layout, &encoder.ch_layout), "channels");
  check_libav(av_frame_get_buffer(frame.get(), 0), "sound frame");
  return frame;
}

}  // namespace

std::unique_ptr<SoundEncoder> SoundEncoder::open(const AVStream& source, bool global_header) {
  CodecPointer decoder = open_sound_decoder(source);
  if (!decoder) return nullptr;
  CodecPointer encoder = open_encoder(*decoder, global_header);
  return std::unique_ptr<SoundEncoder>(new SoundEncoder(std::move(decoder), std::move(encoder)));
}

SoundEncoder::SoundEncoder(CodecPointer decoder, CodecPointer encoder)
    : decoder_(std::move(decoder)), encoder_(std::move(encoder)) {
  SwrContext* resampler = nullptr;
  check_libav(
      swr_alloc_set_opts2(&resampler, &encoder_->ch_layout, encoder_->sample_fmt, encoder_->sample_rate,
                          &decoder_->ch_layout, decoder_->sample_fmt, decoder_->sample_rate, 0, nullptr),
      "resampler");
  resampler_.reset(resampler);
  check_libav(swr_init(resampler), "resampler");
  queued_.reset(av_audio_fifo_alloc(encoder_->sample_fmt, encoder_->ch_layout.nb_channels, 1));
  if (!queued_) throw std::bad_alloc();
}

void SoundEncoder::encode(const AVPacket& packet, std::int64_t time, const Write& write) {
  if (next_time_ == AV_NOPTS_VALUE) next_time_ = time;
  decode(&packet, write);
}

void SoundEncoder::finish(const Write& write) {
  decode(nullptr, write);
  encode_queued(1, write);
  send(nullptr, write);
}

void SoundEncoder::decode(const AVPacket* packet, const Write& write) {
  if (avcodec_send_packet(decoder_.get(), packet) < 0) return;
  const FramePointer decoded = make_frame();
  while (avcodec_receive_frame(decoder_.get(), decoded.get()) == 0) {
    const FramePointer converted =
        frame_of(*encoder_, std::max(1, swr_get_out_samples(resampler_.get(), decoded->nb_samples)));
    const int samples =
        swr_convert(resampler_.get(), converted->extended_data, converted->nb_samples,
                    const_cast<const std::uint8_t**>(decoded->extended_data), decoded->nb_samples);
    if (samples <= 0) continue;
    auto** data = reinterpret_cast<void**>(converted->extended_data);
    if (av_audio_fifo_write(queued_.get(), data, samples) < samples) throw std::bad_alloc();
    encode_queued(encoder_->frame_size, write);
  }
}

// Encodes frame by frame, while there are at least so many samples.
void SoundEncoder::encode_queued(int least_samples, const Write& write) {
  while (av_audio_fifo_size(queued_.get()) >= least_samples) {
    const FramePointer frame =
        frame_of(*encoder_, std::min(encoder_->frame_size, av_audio_fifo_size(queued_.get())));
    av_audio_fifo_read(queued_.get(), reinterpret_cast<void**>(frame->extended_data), frame->nb_samples);
    frame->pts = next_time_;
    next_time_ += frame->nb_samples;
    send(frame.get(), write);
  }
}

void SoundEncoder::send(const AVFrame* frame, const Write& write) {
  check_libav(avcodec_send_frame(encoder_.get(), frame), "AAC frame");
  const PacketPointer packet = make_packet();
  while (avcodec_receive_packet(encoder_.get(), packet.get()) == 0) write(*packet);
}

}  // namespace inpaint::media
