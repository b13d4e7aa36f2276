#include "inferences/video_assembly.h"

#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "media/media.h"
#include "media/video_writer.h"

namespace inpaint::inferences {
namespace {

engine::Image read_frame(storage::Storage& storage, const Item& frame) {
  return media::read_image(*storage.open_file(*frame.output_path), media::Limits{});
}

// All frames count, also those that failed: it is the rate of the source.
media::Fraction average_rate(const Video& video, std::size_t frames) {
  return {static_cast<std::int64_t>(frames) * video.time_base.denominator,
          video.end_time * video.time_base.numerator};
}

}  // namespace

void assemble_video(const Video& video, std::span<const Item> frames, storage::Storage& storage,
                    const std::filesystem::path& output, const engine::CancelToken& cancel) {
  std::vector<const Item*> done;
  for (const Item& frame : frames) {
    if (frame.status == ItemStatus::kDone) done.push_back(&frame);
  }
  std::shared_ptr<const std::filesystem::path> source;
  if (video.source_path) source = storage.open_file(*video.source_path);

  std::unique_ptr<media::VideoWriter> writer;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (cancel.cancelled()) throw conflict("CANCELLED", "The inference was cancelled.");
    const engine::Image image = read_frame(storage, *done[i]);
    if (!writer) {
      const media::VideoShape shape{image.width(), image.height(), video.time_base,
                                    average_rate(video, frames.size()), video.pixel_aspect};
      writer =
          std::make_unique<media::VideoWriter>(output, shape, source ? std::optional(*source) : std::nullopt);
    }
    const std::int64_t time = i == 0 ? 0 : done[i]->frame_time.value();
    const std::int64_t end = i + 1 < done.size() ? done[i + 1]->frame_time.value() : video.end_time;
    writer->add(image, time, end - time);
  }
  writer->finish();
}

}  // namespace inpaint::inferences
