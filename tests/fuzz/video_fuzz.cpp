// A file that somebody calls a video, read as it is and as a mask: in bounded time and memory, and with the
// frames that were promised.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "input.h"
#include "media/video.h"

namespace inpaint::media {
namespace {

using fuzz::require;

constexpr VideoLimits kLimits{.maximum_pixels = 40'000,
                              .maximum_seconds = 20,
                              .maximum_frames = 40,
                              .maximum_decoded_pixels = 1'000'000};

// A file in memory with that content, and a path to it.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* bytes, std::size_t size) : descriptor_(memfd_create("video", 0)) {
    require(write(descriptor_, bytes, size) == static_cast<ssize_t>(size), "memory takes the input");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void read_frames(const std::filesystem::path& file, const SamplingRate& rate) {
  VideoReader reader(file, rate, kLimits);
  std::int64_t count = 0;
  std::int64_t last_time = -1;
  while (const auto frame = reader.next()) {
    require(frame->image.width() == reader.width() && frame->image.height() == reader.height(),
            "every frame has the size of the video");
    require(frame->time > last_time, "times increase");
    require(count > 0 || frame->time == 0, "the first frame is at 0");
    last_time = frame->time;
    try {
      mask_of_frame(frame->image, count);
    } catch (const Error& error) {
      require(error.code() == "MASK_NOT_BINARY", "a frame is a mask or it is not");
    }
    ++count;
  }
  require(count > 0 && count <= kLimits.maximum_frames, "as many frames as are allowed");
  require(reader.end_time() > last_time, "the last frame lasts");
}

void check(const std::uint8_t* bytes, std::size_t size) {
  const MemoryFile file(bytes, size);
  for (const SamplingRate& rate : {SamplingRate{}, SamplingRate{std::nullopt}}) {
    try {
      read_frames(file.path(), rate);
    } catch (const Error& error) {
      require(error.kind() == ErrorKind::kInvalid || error.kind() == ErrorKind::kTooLarge,
              "a bad video is the client's error");
    }
  }
}

}  // namespace
}  // namespace inpaint::media

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  inpaint::media::check(bytes, size);
  return 0;
}
