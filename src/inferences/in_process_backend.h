#pragma once

#include <chrono>

#include "base/machine.h"
#include "inferences/backend.h"
#include "media/media.h"
#include "media/memory_budget.h"

namespace inpaint::inferences {

// Decodes, runs the engine and encodes on the calling thread, once there is memory for it. A picture on which
// the engine works for longer than `time_limit` can't be inpainted: kTooLarge TOOK_TOO_LONG.
class InProcessBackend final : public Backend {
 public:
  // `memory` must outlive the backend.
  InProcessBackend(const media::Limits& limits, media::MemoryBudget& memory,
                   std::chrono::milliseconds time_limit)
      : limits_(limits), memory_(memory), time_limit_(time_limit) {}

  void process(const Task& task, const engine::Progress& progress,
               const engine::CancelToken& cancel) const override;

 private:
  engine::Image inpaint_in_time(const Task& task, engine::Image image, const engine::Mask& mask,
                                const engine::Progress& progress, const engine::CancelToken& cancel) const;

  media::Limits limits_;
  media::MemoryBudget& memory_;
  std::chrono::milliseconds time_limit_;
  int threads_ = static_cast<int>(machine().cores);
};

}  // namespace inpaint::inferences
