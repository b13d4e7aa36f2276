#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/uuid.h"
#include "datasets/archive_pairs.h"
#include "datasets/staging.h"
#include "media/archive.h"

namespace inpaint::datasets {

// As CheckItems, but with the items of the whole archive, and from several threads. `pairs`: how many of the
// archive's pairs are not known to be invalid.
using CheckArchive = std::function<void(std::int64_t items, std::int64_t pairs)>;

// Adds the valid pairs of a ZIP archive to `staged`, by folder and then by number or name, and returns what
// was not taken: every file with its reason, or of very many the first ones and how many more. The archive is
// read for its names first, which say what makes a pair, and then once more by each of several workers,
// which extract, stage and delete one pair at a time.
// Throws kInvalid BAD_ARCHIVE, NO_VALID_PAIR, kTooLarge ARCHIVE_TOO_LARGE, what `check` throws, and what is
// no fault of a pair (kUnavailable and the like); then nothing is added.
std::vector<Skipped> stage_archive(const std::filesystem::path& archive, const media::ArchiveLimits& limits,
                                   const StagingTools& tools, const DatasetId& dataset,
                                   const media::SamplingRate& rate, const CheckArchive& check,
                                   Stager& staged);

}  // namespace inpaint::datasets
