#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "database/database.h"
#include "inferences/inference.h"
#include "inferences/repository.h"

// The SQL of the videos of inferences, and nothing else. As in repository.h every function is one step of
// the caller's read or transaction.
namespace inpaint::inferences::repository {

// Copies what the dataset knows of its videos into the inference.
void copy_videos(Session& sql, const InferenceId& inference, const Dataset& dataset);

// By upload index.
std::vector<Video> videos(Session& sql, const InferenceId& inference);

// The video is made, and the results of its frames are not needed any more: nothing names them from now on.
// False, and no change, unless the inference is RUNNING.
bool record_video(Session& sql, const InferenceId& inference, std::int64_t upload_index,
                  const std::string& output_path);

}  // namespace inpaint::inferences::repository
