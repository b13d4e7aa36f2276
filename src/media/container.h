#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "media/libav.h"
#include "media/stream.h"
#include "media/video.h"

namespace inpaint::media {

// The decoders that may be used, as libavcodec's whitelists say it. Others exist, with parsers that few
// people look after.
extern const char* const kCodecs;

struct FreeInput {
  void operator()(AVIOContext* input) const {
    av_freep(&input->buffer);
    avio_context_free(&input);
  }
};
struct CloseFormat {
  void operator()(AVFormatContext* format) const { avformat_close_input(&format); }
};

// The packets of one stream of an MP4 or AVI file. The file is read through a C stream only, so whatever it
// says it can't make the library open another file or the network.
class Container {
 public:
  // Reads the header and decodes nothing. Throws kInvalid UNSUPPORTED_FORMAT, BAD_VIDEO.
  explicit Container(const std::filesystem::path& file);

  // Finds out what the header does not say, for which the library decodes some frames, none of more pixels
  // than these. To be called before read(); after it, only the streams that find_stream() gives are read.
  void probe(std::int64_t maximum_pixels);

  // The stream that a player would show or play; null when there is none. Cover pictures are none.
  AVStream* find_stream(AVMediaType type) const;

  // Sets `packet` to the next one of the stream; false at the end. Throws kInvalid BAD_VIDEO where the file
  // is cut or damaged.
  bool read(const AVStream& stream, AVPacket& packet);

  // The length of the stream in its time base and the number of its frames, by what is really in the file:
  // at most what decoding will give. 0 when the file has no index.
  struct Extent {
    std::int64_t duration = 0;
    std::int64_t frames = 0;
  };
  Extent indexed_extent(const AVStream& stream) const;

 private:
  static int read_file(void* opaque, std::uint8_t* buffer, int size);
  static std::int64_t seek_file(void* opaque, std::int64_t offset, int whence);

  Stream file_;
  std::int64_t size_bytes_;
  std::unique_ptr<AVIOContext, FreeInput> input_;
  std::unique_ptr<AVFormatContext, CloseFormat> format_;
};

}  // namespace inpaint::media
