#include "datasets/repository.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "database/query.h"

namespace inpaint::datasets::repository {
namespace {

using database::change;
using database::first_of;
using database::Nullable;
using database::NumberRow;
using database::select;

constexpr auto kSelectDataset =
    "SELECT id, name, tags_json(tags), is_deleted, item_count, video_item_count, epoch_ms(created_at), "
    "epoch_ms(updated_at) FROM datasets ";

struct DatasetRow {
  std::string id, name, tags;
  int is_deleted = 0;
  long long item_count = 0, video_item_count = 0, created_at = 0, updated_at = 0;

  void bind(soci::statement& statement) {
    for (std::string* text : {&id, &name, &tags}) statement.exchange(soci::into(*text));
    statement.exchange(soci::into(is_deleted));
    for (long long* number : {&item_count, &video_item_count, &created_at, &updated_at}) {
      statement.exchange(soci::into(*number));
    }
  }
  Dataset value() const {
    const std::optional<DatasetId> dataset_id = DatasetId::parse(id);
    if (!dataset_id) throw internal("a dataset's id is damaged in the database");
    return {*dataset_id,
            name,
            nlohmann::json::parse(tags).get<std::vector<std::string>>(),
            is_deleted != 0,
            item_count,
            video_item_count,
            Timestamp{created_at},
            Timestamp{updated_at}};
  }
};

struct ItemRow {
  std::string image_path, mask_path, type;
  long long index = 0, upload_index = 0;
  Nullable<long long> frame_index, frame_time;

  void bind(soci::statement& statement) {
    statement.exchange(soci::into(index));
    for (std::string* text : {&image_path, &mask_path, &type}) statement.exchange(soci::into(*text));
    statement.exchange(soci::into(upload_index));
    statement.exchange(frame_index.into());
    statement.exchange(frame_time.into());
  }
  Item value() const {
    return {index,
            image_path,
            mask_path,
            type == "video" ? ItemType::kVideo : ItemType::kImage,
            upload_index,
            frame_index.value(),
            frame_time.value()};
  }
};

// The condition of a Filter, and the two values it binds.
constexpr auto kFiltered =
    "WHERE user_id = :owner AND is_deleted <= :deleted AND (:any = '' OR has_tag(tags, :tag))";

}  // namespace

void insert(Session& sql, const UserId& owner, const Dataset& dataset) {
  const long long now = dataset.created_at.unix_ms;
  change(sql,
         "INSERT INTO datasets(id, user_id, name, tags, created_at, updated_at) "
         "VALUES (:id, :owner, :name, tags_of(:tags), time_of(:created), time_of(:updated))",
         dataset.id.to_string(), owner.to_string(), dataset.name, nlohmann::json(dataset.tags).dump(), now,
         now);
}

std::optional<Dataset> find(Session& sql, const UserId& owner, const std::string& name_or_id) {
  const std::optional<DatasetId> id = DatasetId::parse(name_or_id);
  // No dataset is called like an id.
  return first_of(select<DatasetRow>(sql,
                                     std::string(kSelectDataset) +
                                         "WHERE user_id = :owner AND NOT is_deleted AND " +
                                         (id ? "id = :id" : "name = :name"),
                                     owner.to_string(), id ? id->to_string() : name_or_id));
}

std::vector<Dataset> list(Session& sql, const UserId& owner, const Filter& filter, std::int64_t limit,
                          std::int64_t offset) {
  const int deleted = filter.include_deleted ? 1 : 0;
  const std::string tag = filter.tag.value_or("");
  return select<DatasetRow>(
      sql, std::string(kSelectDataset) + kFiltered + " ORDER BY id DESC LIMIT :limit OFFSET :offset",
      owner.to_string(), deleted, tag, tag, static_cast<long long>(limit), static_cast<long long>(offset));
}

std::int64_t count(Session& sql, const UserId& owner, const Filter& filter) {
  const int deleted = filter.include_deleted ? 1 : 0;
  const std::string tag = filter.tag.value_or("");
  return select<NumberRow>(sql, std::string("SELECT COUNT(*) FROM datasets ") + kFiltered, owner.to_string(),
                           deleted, tag, tag)
      .front();
}

std::vector<Item> items(Session& sql, const DatasetId& dataset, std::int64_t first, std::int64_t limit) {
  return select<ItemRow>(
      sql,
      "SELECT item_index, image_path, mask_path, type, upload_index, frame_index, frame_time "
      "FROM dataset_items WHERE dataset_id = :dataset AND item_index >= :first "
      "ORDER BY item_index LIMIT :limit",
      dataset.to_string(), static_cast<long long>(first), static_cast<long long>(limit));
}

std::optional<Place> take_places(Session& sql, const UserId& owner, const DatasetId& dataset,
                                 const Extent& extent) {
  struct Row {
    long long upload_index = 0;
    long long item_index = 0;
    void bind(soci::statement& statement) {
      statement.exchange(soci::into(upload_index));
      statement.exchange(soci::into(item_index));
    }
    Place value() const { return {upload_index, item_index}; }
  };
  const long long now = Timestamp::now().unix_ms;
  const auto uploads = static_cast<long long>(extent.uploads);
  const auto items = static_cast<long long>(extent.items);
  const auto video_items = static_cast<long long>(extent.video_items);
  std::optional<Place> end = first_of(
      select<Row>(sql,
                  "UPDATE datasets SET next_upload_index = next_upload_index + :uploads, "
                  "item_count = item_count + :items, video_item_count = video_item_count + :frames, "
                  "updated_at = time_of(:now) WHERE id = :id AND user_id = :owner AND NOT is_deleted "
                  "RETURNING next_upload_index, item_count",
                  uploads, items, video_items, now, dataset.to_string(), owner.to_string()));
  if (!end) return std::nullopt;
  return Place{end->upload_index - extent.uploads, end->item_index - extent.items};
}

void insert_item(Session& sql, const DatasetId& dataset, const Item& item, const std::string& image_name) {
  const std::string type = item.type == ItemType::kVideo ? "video" : "image";
  const long long now = Timestamp::now().unix_ms;
  Nullable<long long> frame_index(item.frame_index), frame_time(item.frame_time);
  const auto index = static_cast<long long>(item.index);
  const auto upload_index = static_cast<long long>(item.upload_index);
  sql << "INSERT INTO dataset_items(dataset_id, item_index, upload_index, frame_index, frame_time, type, "
         "image_path, mask_path, image_name, created_at) "
         "VALUES (:dataset, :index, :upload, :frame, :time, :type, :image, :mask, :name, time_of(:now))",
      soci::use(dataset.to_string()), soci::use(index), soci::use(upload_index), frame_index.use(),
      frame_time.use(), soci::use(type), soci::use(item.image_path), soci::use(item.mask_path),
      soci::use(image_name), soci::use(now);
}

void insert_video(Session& sql, const DatasetId& dataset, std::int64_t upload_index, const Video& video) {
  Nullable<std::string> source(video.source_path);
  const auto upload = static_cast<long long>(upload_index);
  const auto numerator = static_cast<long long>(video.time_base.numerator);
  const auto denominator = static_cast<long long>(video.time_base.denominator);
  const auto end_time = static_cast<long long>(video.end_time);
  sql << "INSERT INTO dataset_videos(dataset_id, upload_index, time_base_numerator, time_base_denominator, "
         "end_time, source_path) VALUES (:dataset, :upload, :numerator, :denominator, :end, :source)",
      soci::use(dataset.to_string()), soci::use(upload), soci::use(numerator), soci::use(denominator),
      soci::use(end_time), source.use();
}

bool owns_blob(Session& sql, const UserId& owner, const std::string& key) {
  return select<NumberRow>(
             sql,
             "SELECT EXISTS(SELECT 1 FROM dataset_items JOIN datasets ON datasets.id = dataset_id "
             "WHERE image_path = :image AND user_id = :owner AND NOT is_deleted) "
             "OR EXISTS(SELECT 1 FROM dataset_items JOIN datasets ON datasets.id = dataset_id "
             "WHERE mask_path = :mask AND user_id = :owner2 AND NOT is_deleted)",
             key, owner.to_string(), key, owner.to_string())
             .front() != 0;
}

}  // namespace inpaint::datasets::repository
