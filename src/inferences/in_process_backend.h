#pragma once

#include "inferences/backend.h"
#include "media/media.h"

namespace inpaint::inferences {

// Decodes, runs the engine and encodes on the calling thread.
class InProcessBackend final : public Backend {
 public:
  explicit InProcessBackend(const media::Limits& limits) : limits_(limits) {}

  void process(const Task& task, const engine::Progress& progress,
               const engine::CancelToken& cancel) const override;

 private:
  media::Limits limits_;
};

}  // namespace inpaint::inferences
