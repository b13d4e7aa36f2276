#include "media/container.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

namespace inpaint::media {
namespace {

constexpr int kBufferBytes = 64 * 1024;

std::optional<VideoFormat> detect_video(std::FILE* stream) {
  std::array<char, 12> start{};
  const std::size_t size = std::fread(start.data(), 1, start.size(), stream);
  std::rewind(stream);
  if (size < start.size()) return std::nullopt;
  const std::string_view first(start.data(), 4), second(start.data() + 4, 4), third(start.data() + 8, 4);
  if (first == "RIFF" && third == "AVI ") return VideoFormat::kAvi;
  constexpr std::array<std::string_view, 6> kAtoms{"ftyp", "moov", "mdat", "wide", "free", "skip"};
  if (std::find(kAtoms.begin(), kAtoms.end(), second) != kAtoms.end()) return VideoFormat::kMp4;
  return std::nullopt;
}

}  // namespace

const char* const kCodecs =
    "h264,hevc,libdav1d,av1,vp8,vp9,mpeg4,msmpeg4,msmpeg4v2,h263,mpeg1video,mpeg2video,mjpeg,rawvideo,"
    "ffv1,huffyuv,ffvhuff,utvideo,prores,dvvideo,"
    "aac,mp3,mp3float,mp2,mp2float,ac3,eac3,opus,libopus,flac,alac,vorbis,pcm_s16le,pcm_s16be,pcm_s24le,"
    "pcm_s32le,pcm_u8,pcm_f32le,pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav";

std::optional<VideoFormat> detect_video(const std::filesystem::path& file) {
  return detect_video(open_for_reading(file).get());
}

std::string_view extension(VideoFormat format) {
  return format == VideoFormat::kMp4 ? "mp4" : "avi";
}

void check_extension(std::string_view file_name, VideoFormat format) {
  const std::size_t dot = file_name.rfind('.');
  std::string found(dot == std::string_view::npos ? "" : file_name.substr(dot + 1));
  std::transform(found.begin(), found.end(), found.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (found == extension(format)) return;
  throw invalid("UNSUPPORTED_FORMAT", "The file's content is a video of the kind ." +
                                          std::string(extension(format)) + ", so its name must end in that.");
}

Container::Container(const std::filesystem::path& file)
    : file_(open_for_reading(file)), size_bytes_(size_bytes(file_.get())) {
  silence_libav();
  const std::optional<VideoFormat> kind = detect_video(file_.get());
  if (!kind) throw invalid("UNSUPPORTED_FORMAT", "The file's content is neither an MP4 nor an AVI video.");
  input_.reset(avio_alloc_context(static_cast<std::uint8_t*>(av_malloc(kBufferBytes)), kBufferBytes, 0,
                                  file_.get(), read_file, nullptr, seek_file));
  AVFormatContext* format = avformat_alloc_context();
  if (!input_ || format == nullptr) throw std::bad_alloc();
  format->pb = input_.get();
  format->codec_whitelist = av_strdup(kCodecs);
  const AVInputFormat* demuxer = av_find_input_format(*kind == VideoFormat::kMp4 ? "mov" : "avi");
  // It frees `format` when it fails.
  if (avformat_open_input(&format, nullptr, demuxer, nullptr) < 0) {
    throw bad_video("its header is damaged, or the file is cut off");
  }
  format_.reset(format);
}

void Container::probe(std::int64_t maximum_pixels) {
  const AVStream* pictures = find_stream(AVMEDIA_TYPE_VIDEO);
  const AVStream* sound = find_stream(AVMEDIA_TYPE_AUDIO);
  std::vector<AVDictionary*> options(format_->nb_streams);
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream* stream = format_->streams[i];
    const bool is_used = stream == pictures || stream == sound;
    // Cover pictures have been read already, so that they are discarded is not enough.
    if (!is_used) stream->discard = AVDISCARD_ALL;
    av_dict_set_int(&options[i], "max_pixels", is_used ? maximum_pixels : 1, 0);
  }
  // What it can't find out the decoder will say.
  avformat_find_stream_info(format_.get(), options.data());
  for (AVDictionary*& option : options) av_dict_free(&option);
}

AVStream* Container::find_stream(AVMediaType type) const {
  AVStream* first = nullptr;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream* stream = format_->streams[i];
    if (stream->codecpar->codec_type != type || (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
      continue;
    }
    if ((stream->disposition & AV_DISPOSITION_DEFAULT) != 0) return stream;
    if (first == nullptr) first = stream;
  }
  return first;
}

bool Container::read(const AVStream& stream, AVPacket& packet) {
  while (true) {
    av_packet_unref(&packet);
    const int result = av_read_frame(format_.get(), &packet);
    if (result == AVERROR_EOF) return false;
    if (result < 0) throw bad_video("it is damaged or cut off");
    if (packet.stream_index != stream.index) continue;
    if ((packet.flags & AV_PKT_FLAG_CORRUPT) != 0) throw bad_video("it is damaged or cut off");
    return true;
  }
}

Container::Extent Container::indexed_extent(const AVStream& stream) const {
  // The function takes a stream that it may change, and does not change it.
  auto* indexed = const_cast<AVStream*>(&stream);
  Extent extent;
  const int entries = avformat_index_get_entries_count(indexed);
  std::optional<std::int64_t> first, last;
  for (int i = 0; i < entries; ++i) {
    const AVIndexEntry* entry = avformat_index_get_entry(indexed, i);
    if ((entry->flags & AVINDEX_DISCARD_FRAME) != 0) continue;
    if (entry->pos + entry->size > size_bytes_) continue;
    if (!first) first = entry->timestamp;
    last = entry->timestamp;
    ++extent.frames;
  }
  if (!last) return extent;
  // The index has the times of decoding. With B-frames the first one lies before the first picture is shown,
  // at a variable rate far before; the last one never lies after the last picture.
  const bool knows_start = stream.start_time != AV_NOPTS_VALUE;
  const std::int64_t start = knows_start ? std::max(*first, stream.start_time) : *first;
  extent.duration = std::max<std::int64_t>(0, *last - start);
  return extent;
}

int Container::read_file(void* opaque, std::uint8_t* buffer, int size) {
  const std::size_t count =
      std::fread(buffer, 1, static_cast<std::size_t>(size), static_cast<std::FILE*>(opaque));
  return count == 0 ? AVERROR_EOF : static_cast<int>(count);
}

std::int64_t Container::seek_file(void* opaque, std::int64_t offset, int whence) {
  auto* file = static_cast<std::FILE*>(opaque);
  if (whence == AVSEEK_SIZE) return size_bytes(file);
  if (fseeko(file, offset, whence & ~AVSEEK_FORCE) != 0) return AVERROR(EIO);
  return ftello(file);
}

}  // namespace inpaint::media
