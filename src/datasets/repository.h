#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "database/database.h"
#include "datasets/dataset.h"

// The SQL of datasets, and nothing else. Every function is one step of the caller's read or transaction.
namespace inpaint::datasets::repository {

using database::Session;

// Throws kConflict UNIQUE_VIOLATION (through Database::transaction) for a name that the owner has.
void insert(Session& sql, const UserId& owner, const Dataset& dataset);

// The owner's dataset that is not deleted, by its name or its id.
std::optional<Dataset> find(Session& sql, const UserId& owner, const std::string& name_or_id);

struct Filter {
  bool include_deleted = false;
  std::optional<std::string> tag;
};
// Newest first.
std::vector<Dataset> list(Session& sql, const UserId& owner, const Filter& filter, std::int64_t limit,
                          std::int64_t offset);
std::int64_t count(Session& sql, const UserId& owner, const Filter& filter);

// The items from index `first` on, in order.
std::vector<Item> items(Session& sql, const DatasetId& dataset, std::int64_t first, std::int64_t limit);

// The next places in the owner's dataset, taken for so many uploads and items; returns the first of each.
// Nothing when the dataset is deleted or not the owner's.
struct Extent {
  std::int64_t uploads = 0;
  std::int64_t items = 0;
  std::int64_t video_items = 0;  // of the items, how many are frames of videos
};
struct Place {
  std::int64_t upload_index = 0;
  std::int64_t item_index = 0;
};
std::optional<Place> take_places(Session& sql, const UserId& owner, const DatasetId& dataset,
                                 const Extent& extent);

// `image_name`: what the user called the picture.
void insert_item(Session& sql, const DatasetId& dataset, const Item& item, const std::string& image_name);

void insert_video(Session& sql, const DatasetId& dataset, std::int64_t upload_index, const Video& video);

// Whether the blob is an image or a mask of a dataset that is the owner's and not deleted.
bool owns_blob(Session& sql, const UserId& owner, const std::string& key);

}  // namespace inpaint::datasets::repository
