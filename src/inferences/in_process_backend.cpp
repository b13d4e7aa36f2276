#include "inferences/in_process_backend.h"

#include "base/error.h"

namespace inpaint::inferences {

void InProcessBackend::process(const Task& task, const engine::Progress& progress,
                               const engine::CancelToken& cancel) const {
  engine::Image image = media::read_image(task.image, limits_);
  const engine::Mask mask = media::read_mask(task.mask, limits_);
  media::check_same_size(image, mask);
  const engine::Image result =
      engine::inpaint(task.model_id, std::move(image), mask, task.parameters.engine, progress, cancel);
  write_picture(task.output, result, task.parameters.output_format);
}

}  // namespace inpaint::inferences
