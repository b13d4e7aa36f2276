#pragma once

#include "http/router.h"
#include "inferences/backend.h"
#include "inferences/shared_directory.h"

namespace inpaint::inferences {

// How many pictures and frames one order may have.
inline constexpr std::size_t kMaximumBlackboxPairs = 10'000;

// A black box before a backend: GET /health, and POST /process-dataset, which works on the pairs one after
// the other and leaves what it makes under results/ in the shared directory. Pairs with a frameIndex are
// frames, at one a second; those with the same uploadIndex make one MP4. What can't be done is left out and
// told in "failed"; "success" is false when nothing could. What is passed must outlive the router.
void add_blackbox_routes(http::Router& router, const Backend& backend, const SharedDirectory& shared,
                         const engine::CancelToken& cancel);

}  // namespace inpaint::inferences
