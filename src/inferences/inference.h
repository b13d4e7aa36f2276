// inferences/ takes an order to inpaint a dataset from its submission to its results: the rules of the
// order (service), its tokens (settlement), the bell (relay), the work (worker, delivery, backend) and what
// makes it end whatever dies on the way (sweeper). It uses credits/, accounts/, http/, queue/, storage/,
// database/, media/ and engine/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/credits.h"
#include "base/time.h"
#include "base/uuid.h"
#include "media/sampling_rate.h"

namespace inpaint::inferences {

// PENDING and RUNNING are live; the other three are ends, and an end never changes.
enum class Status { kPending, kRunning, kCompleted, kFailed, kAborted };

std::string_view to_string(Status status);
std::optional<Status> parse_status(std::string_view text);
inline bool is_live(Status status) {
  return status == Status::kPending || status == Status::kRunning;
}

struct Inference {
  InferenceId id;
  Status status = Status::kPending;
  std::string dataset_name;
  std::string model_id;
  std::string parameters;  // JSON, as it was submitted
  int progress = 0;        // 0 to 100
  std::int64_t item_count = 0;
  Credits tokens_reserved;
  Credits tokens_refunded;
  std::int64_t turn = 0;             // of the next item: see turns.h
  std::optional<std::string> error;  // a sentence for the user
  Timestamp created_at;
  Timestamp updated_at;
  std::string user_id;  // empty: the account is gone
};

enum class ItemType { kImage, kVideo };
enum class ItemStatus { kPending, kDone, kFailed };

// One picture, or one frame of a video, with its mask: a copy of the dataset's item at the submission.
struct Item {
  std::int64_t index = 0;
  std::string image_path;  // keys of the storage
  std::string mask_path;
  ItemType type = ItemType::kImage;
  std::int64_t upload_index = 0;            // frames with the same one make one video
  std::optional<std::int64_t> frame_index;  // of a video
  std::optional<std::int64_t> frame_time;   // of a video, in its time base
  ItemStatus status = ItemStatus::kPending;
  std::optional<std::string> output_path;  // when done; of a frame only until its video is made
  std::optional<std::string> reason;       // when failed: a sentence for the user
};

// A video whose frames are among the items: a copy of what the dataset knows of it.
struct Video {
  std::int64_t upload_index = 0;
  media::Fraction time_base;               // the unit of frame times, in seconds
  media::Fraction pixel_aspect;            // the width of a pixel by its height
  std::int64_t end_time = 0;               // when the last frame ends
  std::optional<std::string> source_path;  // whose sound the result gets
  std::optional<std::string> output_path;  // when made
};

}  // namespace inpaint::inferences
