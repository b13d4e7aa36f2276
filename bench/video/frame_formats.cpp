// What storing the frames of a video takes as JPEG (as the service does), and what it would take as PNG.
//
//   bench_frame_formats VIDEO DIRECTORY     prints: frames, JPEG bytes and ms, PNG bytes and ms a frame
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "media/media.h"
#include "media/video.h"

namespace {

namespace fs = std::filesystem;
using inpaint::engine::Image;
using Clock = std::chrono::steady_clock;

struct Cost {
  double bytes = 0;
  double milliseconds = 0;

  void add(const fs::path& file, void (*write)(const fs::path&, const Image&), const Image& image) {
    const auto start = Clock::now();
    write(file, image);
    milliseconds += std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    bytes += static_cast<double>(fs::file_size(file));
  }
};

}  // namespace

int main(int, char** arguments) {
  namespace media = inpaint::media;
  media::VideoReader reader(arguments[1], {}, {});
  const fs::path directory = arguments[2];
  Cost jpeg, png;
  int frames = 0;
  for (; const auto frame = reader.next(); ++frames) {
    jpeg.add(directory / "frame.jpg", media::write_jpeg, frame->image);
    png.add(directory / "frame.png", media::write_png, frame->image);
  }
  std::printf("%d %.0f %.1f %.0f %.1f\n", frames, jpeg.bytes / frames, jpeg.milliseconds / frames,
              png.bytes / frames, png.milliseconds / frames);
  return 0;
}
