#pragma once

#include <filesystem>
#include <span>

#include "engine/engine.h"
#include "inferences/inference.h"
#include "storage/storage.h"

namespace inpaint::inferences {

// Writes the result of a video from the results of its frames, of which at least one is done. A frame that
// failed is left out, and the one before it is shown for so long (the first one that is done also for those
// before it), so that length and sound stay right and nothing is shown that was to be removed.
// Throws kConflict CANCELLED when told to stop.
void assemble_video(const Video& video, std::span<const Item> frames, storage::Storage& storage,
                    const std::filesystem::path& output, const engine::CancelToken& cancel);

}  // namespace inpaint::inferences
