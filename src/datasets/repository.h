#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "database/database.h"
#include "database/window.h"
#include "datasets/dataset.h"

// The SQL of datasets, and nothing else. Every function is one step of the caller's read or transaction.
namespace inpaint::datasets::repository {

using database::Session;

// Throws kConflict UNIQUE_VIOLATION (through Database::transaction) for a name that the owner has.
void insert(Session& sql, const UserId& owner, const Dataset& dataset);

// The owner's dataset that is not deleted, by its name or its id.
std::optional<Dataset> find(Session& sql, const UserId& owner, const std::string& name_or_id);
// As it stays until the transaction ends.
std::optional<Dataset> find_and_lock(Session& sql, const UserId& owner, const std::string& name_or_id);

struct Filter {
  bool include_deleted = false;
  std::optional<std::string> tag;
};
// Newest first.
std::vector<Dataset> list(Session& sql, const UserId& owner, const Filter& filter,
                          const database::Window& window);
std::int64_t count(Session& sql, const UserId& owner, const Filter& filter);

// Name, tags and time of change. Throws as insert does.
void update(Session& sql, const Dataset& dataset);
// False when it was deleted before.
bool mark_deleted(Session& sql, const DatasetId& dataset);

// The account of the owner is about to be deleted: how long pictures are still kept counts from now.
void mark_orphaned(Session& sql, const UserId& owner);

// Of every user, for administrators.
struct OverviewFilter {
  bool include_deleted = false;
  bool only_orphaned = false;  // those whose owner's account is deleted
};
struct Owned {
  struct Owner {
    std::string id;
    std::string email;
  };
  Dataset dataset;
  std::optional<Owner> owner;
};
// Newest first.
std::vector<Owned> list_all(Session& sql, const OverviewFilter& filter, const database::Window& window);
std::int64_t count_all(Session& sql, const OverviewFilter& filter);

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

// An upload that is under way: see upload_record.h. The other two: false when it is not there any more.
void insert_upload(Session& sql, const std::string& id, const DatasetId& dataset, Timestamp now);
bool renew_upload(Session& sql, const std::string& id, Timestamp now);
bool end_upload(Session& sql, const std::string& id);

// `image_name`: what the user called the picture.
void insert_item(Session& sql, const DatasetId& dataset, const Item& item, const std::string& image_name);

void insert_video(Session& sql, const DatasetId& dataset, std::int64_t upload_index, const Video& video);

struct BlobName {
  std::string image_name;  // what the user called the picture or the video
  std::optional<std::int64_t> frame_index;
  bool is_mask = false;
};
// Of an image or a mask of a dataset that is the owner's and not deleted.
std::optional<BlobName> find_blob_name(Session& sql, const UserId& owner, const std::string& key);

}  // namespace inpaint::datasets::repository
