#pragma once

#include "inferences/backend.h"
#include "media/media.h"
#include "media/memory_budget.h"

namespace inpaint::inferences {

// Decodes, runs the engine and encodes on the calling thread, once there is memory for it.
class InProcessBackend final : public Backend {
 public:
  // `memory` must outlive the backend.
  InProcessBackend(const media::Limits& limits, media::MemoryBudget& memory)
      : limits_(limits), memory_(memory) {}

  void process(const Task& task, const engine::Progress& progress,
               const engine::CancelToken& cancel) const override;

 private:
  media::Limits limits_;
  media::MemoryBudget& memory_;
};

}  // namespace inpaint::inferences
