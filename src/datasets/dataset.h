// datasets/ keeps what users want repaired: datasets, their items (a picture and its mask), and ingest, by
// which an upload becomes validated, stored and paid items. It uses credits/, accounts/ (who asks, signed
// links), http/, storage/, database/ and media/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "media/sampling_rate.h"

namespace inpaint::datasets {

struct Dataset {
  DatasetId id;
  std::string name;  // one of its owner's datasets that are not deleted
  std::vector<std::string> tags;
  bool is_deleted = false;
  std::int64_t item_count = 0;
  std::int64_t video_item_count = 0;  // of the items, how many are frames of videos
  Timestamp created_at;
  Timestamp updated_at;
};

enum class ItemType { kImage, kVideo };

// One picture, or one frame of a video, with its mask. Items are only ever appended: index runs from 0
// without gaps.
struct Item {
  std::int64_t index = 0;
  std::string image_path;  // keys of the storage
  std::string mask_path;
  ItemType type = ItemType::kImage;
  std::int64_t upload_index = 0;            // frames with the same one make one video
  std::optional<std::int64_t> frame_index;  // of a video, from 0
  std::optional<std::int64_t> frame_time;   // of a video, in its time base, increasing from 0
};

// What the result of a video is made by, besides its frames.
struct Video {
  media::Fraction time_base;     // the unit of frame times, in seconds
  media::Fraction pixel_aspect;  // the width of a pixel by its height
  std::int64_t end_time = 0;     // when the last frame ends
  // The file as it was uploaded, kept for its sound when every frame of it was taken.
  std::optional<std::string> source_path = std::nullopt;
};

}  // namespace inpaint::datasets
