#include "inferences/in_process_backend.h"

#include "base/error.h"

namespace inpaint::inferences {
namespace {

std::int64_t bytes_needed(const media::ImageInfo& image, const engine::Mask& mask) {
  return engine::memory_needed(mask, std::int64_t{image.channels} * (image.bits / 8));
}

}  // namespace

void InProcessBackend::process(const Task& task, const engine::Progress& progress,
                               const engine::CancelToken& cancel) const {
  // Only the mask, of one byte a pixel, says how much the work takes, so it is read while waiting.
  const engine::Mask mask = media::read_mask(task.mask, limits_);
  const auto lease = memory_.take(bytes_needed(media::read_header(task.image, limits_), mask), cancel);
  engine::Image image = media::read_image(task.image, limits_);
  media::check_same_size(image, mask);
  const engine::Image result =
      engine::inpaint(task.model_id, std::move(image), mask, task.parameters.engine, progress, cancel);
  write_picture(task.output, result, task.parameters.output_format);
}

}  // namespace inpaint::inferences
