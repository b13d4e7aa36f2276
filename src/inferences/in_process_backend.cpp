#include "inferences/in_process_backend.h"

#include "base/error.h"

namespace inpaint::inferences {
namespace {

std::int64_t bytes_needed(const media::ImageInfo& image, const engine::Mask& mask) {
  return engine::memory_needed(mask, std::int64_t{image.channels} * (image.bits / 8));
}

// Cancelled when the work is, and when its time is over.
class TimeLimit final : public engine::CancelToken {
 public:
  TimeLimit(std::chrono::milliseconds limit, const engine::CancelToken& work)
      : end_(std::chrono::steady_clock::now() + limit), work_(work) {}

  bool cancelled() const override { return work_.cancelled() || std::chrono::steady_clock::now() >= end_; }

 private:
  const std::chrono::steady_clock::time_point end_;
  const engine::CancelToken& work_;
};

Error took_too_long(std::chrono::milliseconds limit) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limit).count();
  return {ErrorKind::kTooLarge, "TOOK_TOO_LONG",
          "The picture takes longer than " + std::to_string(seconds) +
              " s. Try a lower quality, or a smaller hole."};
}

}  // namespace

void InProcessBackend::process(const Task& task, const engine::Progress& progress,
                               const engine::CancelToken& cancel) const {
  // Only the mask, of one byte a pixel, says how much the work takes, so it is read while waiting.
  const engine::Mask mask = media::read_mask(task.mask, limits_);
  const auto lease = memory_.take(bytes_needed(media::read_header(task.image, limits_), mask), cancel);
  engine::Image image = media::read_image(task.image, limits_);
  media::check_same_size(image, mask);
  const engine::Image result = inpaint_in_time(task, std::move(image), mask, progress, cancel);
  write_picture(task.output, result, task.parameters.output_format);
}

engine::Image InProcessBackend::inpaint_in_time(const Task& task, engine::Image image,
                                                const engine::Mask& mask, const engine::Progress& progress,
                                                const engine::CancelToken& cancel) const {
  const TimeLimit limit(time_limit_, cancel);
  engine::Parameters parameters = task.parameters.engine;
  parameters.threads = threads_;
  try {
    return engine::inpaint(task.model_id, std::move(image), mask, parameters, progress, limit);
  } catch (const Error& error) {
    if (error.code() == "CANCELLED" && !cancel.cancelled()) throw took_too_long(time_limit_);
    throw;
  }
}

}  // namespace inpaint::inferences
