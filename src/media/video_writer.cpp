#include "media/video_writer.h"

extern "C" {
#include <libavutil/mathematics.h>
#include <libavutil/opt.h>
}

#include <deque>
#include <utility>

#include "media/frame_conversion.h"
#include "media/libav.h"
#include "media/sound_track.h"

namespace inpaint::media {
namespace {

// Without B-frames every picture is shown when it is decoded, so the file needs no edit list to begin at 0.
// A short look ahead bounds the frames that the encoder holds.
constexpr std::pair<const char*, const char*> kEncoderOptions[] = {
    {"preset", "fast"},
    {"crf", "18"},
    {"forced-idr", "1"},
    {"x264-params", "bframes=0:rc-lookahead=8:sync-lookahead=0"},
};
constexpr int kEncoderThreads = 2;
constexpr std::int64_t kKeyFrameSeconds = 5;

struct CloseOutput {
  void operator()(AVFormatContext* format) const {
    avio_closep(&format->pb);
    avformat_free_context(format);
  }
};
using OutputPointer = std::unique_ptr<AVFormatContext, CloseOutput>;

OutputPointer open_output(const std::filesystem::path& file) {
  silence_libav();
  const std::string url = "file:" + file.string();
  AVFormatContext* format = nullptr;
  check_libav(avformat_alloc_output_context2(&format, nullptr, "mp4", url.c_str()), "MP4");
  OutputPointer output(format);
  format->flags |= AVFMT_FLAG_BITEXACT;  // no dates and no versions: the same result for the same frames
  format->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;  // FLAC in MP4
  check_libav(avio_open(&format->pb, url.c_str(), AVIO_FLAG_WRITE), "open");
  return output;
}

constexpr int even(int side) {
  return side + side % 2;
}

CodecPointer open_encoder(const VideoShape& shape) {
  const AVCodec* x264 = avcodec_find_encoder_by_name("libx264");
  if (x264 == nullptr) throw internal("libav: no H.264 encoder");
  CodecPointer codec = make_codec(x264);
  codec->width = even(shape.width);
  codec->height = even(shape.height);
  codec->pix_fmt = AV_PIX_FMT_YUV420P;
  codec->time_base = to_rational(shape.time_base);
  codec->framerate = to_rational(shape.frames_per_second);
  codec->sample_aspect_ratio = to_rational(shape.pixel_aspect);
  codec->color_range = AVCOL_RANGE_MPEG;
  codec->colorspace = usual_matrix(shape.height);
  const bool is_high_definition = codec->colorspace == AVCOL_SPC_BT709;
  codec->color_primaries = is_high_definition ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
  codec->color_trc = is_high_definition ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  codec->max_b_frames = 0;
  codec->thread_count = kEncoderThreads;
  for (const auto& [name, value] : kEncoderOptions) {
    check_libav(av_opt_set(codec->priv_data, name, value, 0), name);
  }
  check_libav(avcodec_open2(codec.get(), x264, nullptr), "x264");
  return codec;
}

FramePointer frame_of(const AVCodecContext& codec) {
  FramePointer frame = make_frame();
  frame->width = codec.width;
  frame->height = codec.height;
  frame->format = codec.pix_fmt;
  frame->color_range = codec.color_range;
  frame->colorspace = codec.colorspace;
  check_libav(av_frame_get_buffer(frame.get(), 0), "frame");
  return frame;
}

}  // namespace

class VideoWriter::Implementation {
 public:
  Implementation(const std::filesystem::path& file, const VideoShape& shape,
                 const std::optional<std::filesystem::path>& sound_source)
      : shape_(shape),
        output_(open_output(file)),
        codec_(open_encoder(shape)),
        stream_(avformat_new_stream(output_.get(), nullptr)) {
    if (stream_ == nullptr) throw std::bad_alloc();
    check_libav(avcodec_parameters_from_context(stream_->codecpar, codec_.get()), "parameters");
    stream_->time_base = codec_->time_base;
    stream_->avg_frame_rate = codec_->framerate;
    stream_->sample_aspect_ratio = codec_->sample_aspect_ratio;
    if (sound_source) sound_ = std::make_unique<SoundTrack>(*sound_source, *output_);
    AVDictionary* options = nullptr;
    av_dict_set(&options, "movflags", "+faststart", 0);
    const int result = avformat_write_header(output_.get(), &options);
    av_dict_free(&options);
    check_libav(result, "header");
  }

  void add(const engine::Image& image, std::int64_t time, std::int64_t duration) {
    if (image.width() != shape_.width || image.height() != shape_.height) {
      throw internal("the frames of a video differ in size");
    }
    const FramePointer frame = frame_of(*codec_);
    conversion_.to_frame(image, *frame);
    frame->pts = time;
    if (av_compare_ts(time - key_time_, codec_->time_base, kKeyFrameSeconds, {1, 1}) >= 0) {
      frame->pict_type = AV_PICTURE_TYPE_I;
      key_time_ = time;
    }
    durations_.push_back(duration);
    end_time_ = time + duration;
    encode(frame.get());
  }

  void finish() {
    encode(nullptr);
    if (sound_) {
      sound_->write_before(end_time_, codec_->time_base);
      sound_->finish();
    }
    check_libav(av_write_trailer(output_.get()), "trailer");
    check_libav(avio_closep(&output_->pb), "close");
  }

 private:
  void encode(const AVFrame* frame) {
    check_libav(avcodec_send_frame(codec_.get(), frame), "frame");
    while (avcodec_receive_packet(codec_.get(), packet_.get()) == 0) {
      if (sound_) sound_->write_before(packet_->pts, codec_->time_base);
      packet_->duration = durations_.front();  // in the order of the frames: there are no B-frames
      durations_.pop_front();
      packet_->stream_index = stream_->index;
      av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
      check_libav(av_interleaved_write_frame(output_.get(), packet_.get()), "write");
    }
  }

  const VideoShape shape_;
  OutputPointer output_;
  CodecPointer codec_;
  AVStream* stream_;
  std::unique_ptr<SoundTrack> sound_;
  FrameConversion conversion_;
  PacketPointer packet_ = make_packet();
  std::deque<std::int64_t> durations_;  // of the frames that the encoder holds
  std::int64_t key_time_ = 0;
  std::int64_t end_time_ = 0;
};

VideoWriter::VideoWriter(const std::filesystem::path& file, const VideoShape& shape,
                         const std::optional<std::filesystem::path>& sound_source)
    : implementation_(std::make_unique<Implementation>(file, shape, sound_source)) {}
VideoWriter::~VideoWriter() = default;

void VideoWriter::add(const engine::Image& image, std::int64_t time, std::int64_t duration) {
  implementation_->add(image, time, duration);
}
void VideoWriter::finish() {
  implementation_->finish();
}

}  // namespace inpaint::media
