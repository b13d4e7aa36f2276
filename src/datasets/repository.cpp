#include "datasets/repository.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "database/dialect.h"
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

database::Conditions conditions_of(const UserId& owner, const Filter& filter) {
  database::Conditions conditions;
  conditions.add("user_id = :owner", {owner.to_string()});
  if (!filter.include_deleted) conditions.add("NOT is_deleted");
  if (filter.tag) conditions.add("has_tag(tags, :tag)", {*filter.tag});
  return conditions;
}

database::Conditions conditions_of(const OverviewFilter& filter) {
  database::Conditions conditions;
  if (!filter.include_deleted) conditions.add("NOT is_deleted");
  if (filter.only_orphaned) conditions.add("user_id IS NULL");
  return conditions;
}

// The ids of a page: walking over what stands before it touches the index only.
std::string page_of_ids(const database::Conditions& conditions, const database::Window& window) {
  return "SELECT id FROM datasets " + conditions.where() + "ORDER BY id " + window.direction() +
         " LIMIT :limit OFFSET :offset";
}

std::int64_t count_where(Session& sql, const database::Conditions& conditions) {
  return select<NumberRow>(sql, "SELECT COUNT(*) FROM datasets " + conditions.where(), conditions).front();
}

std::optional<Dataset> find(Session& sql, const UserId& owner, const std::string& name_or_id,
                            const char* lock) {
  const std::optional<DatasetId> id = DatasetId::parse(name_or_id);
  // No dataset is called like an id.
  return first_of(select<DatasetRow>(sql,
                                     std::string(kSelectDataset) +
                                         "WHERE user_id = :owner AND NOT is_deleted AND " +
                                         (id ? "id = :id" : "name = :name") + lock,
                                     owner.to_string(), id ? id->to_string() : name_or_id));
}

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
  return find(sql, owner, name_or_id, "");
}

std::optional<Dataset> find_and_lock(Session& sql, const UserId& owner, const std::string& name_or_id) {
  return find(sql, owner, name_or_id, database::for_update(sql));
}

std::vector<Dataset> list(Session& sql, const UserId& owner, const Filter& filter,
                          const database::Window& window) {
  const database::Conditions conditions = conditions_of(owner, filter);
  return select<DatasetRow>(
      sql, kSelectDataset + ("WHERE id IN (" + page_of_ids(conditions, window) + ") ORDER BY id DESC"),
      conditions, window.limit, window.offset);
}

std::int64_t count(Session& sql, const UserId& owner, const Filter& filter) {
  return count_where(sql, conditions_of(owner, filter));
}

void update(Session& sql, const Dataset& dataset) {
  const long long now = dataset.updated_at.unix_ms;
  change(sql,
         "UPDATE datasets SET name = :name, tags = tags_of(:tags), updated_at = time_of(:now) WHERE id = :id",
         dataset.name, nlohmann::json(dataset.tags).dump(), now, dataset.id.to_string());
}

bool mark_deleted(Session& sql, const DatasetId& dataset) {
  const long long now = Timestamp::now().unix_ms;
  return change(sql,
                "UPDATE datasets SET is_deleted = TRUE, updated_at = time_of(:now) "
                "WHERE id = :id AND NOT is_deleted",
                now, dataset.to_string()) > 0;
}

void mark_orphaned(Session& sql, const UserId& owner) {
  const long long now = Timestamp::now().unix_ms;
  change(sql, "UPDATE datasets SET updated_at = time_of(:now) WHERE user_id = :owner AND NOT is_deleted", now,
         owner.to_string());
}

std::vector<Owned> list_all(Session& sql, const OverviewFilter& filter, const database::Window& window) {
  struct Row : DatasetRow {
    Nullable<std::string> owner_id, email;
    void bind(soci::statement& statement) {
      DatasetRow::bind(statement);
      statement.exchange(owner_id.into());
      statement.exchange(email.into());
    }
    Owned value() const {
      const auto owner = owner_id.value();
      if (!owner) return {DatasetRow::value(), std::nullopt};
      return {DatasetRow::value(), Owned::Owner{*owner, email.value().value_or("")}};
    }
  };
  const database::Conditions conditions = conditions_of(filter);
  return select<Row>(sql,
                     "SELECT page.id, page.name, tags_json(tags), is_deleted, item_count, video_item_count, "
                     "epoch_ms(page.created_at), epoch_ms(page.updated_at), users.id, email "
                     "FROM datasets AS page "
                     "LEFT JOIN users ON users.id = page.user_id WHERE page.id IN (" +
                         page_of_ids(conditions, window) + ") ORDER BY page.id DESC",
                     conditions, window.limit, window.offset);
}

std::int64_t count_all(Session& sql, const OverviewFilter& filter) {
  return count_where(sql, conditions_of(filter));
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

void insert_upload(Session& sql, const std::string& id, const DatasetId& dataset, Timestamp now) {
  const auto time = static_cast<long long>(now.unix_ms);
  change(sql,
         "INSERT INTO uploads_under_way(id, dataset_id, renewed_at) VALUES (:id, :dataset, time_of(:now))",
         id, dataset.to_string(), time);
}

bool renew_upload(Session& sql, const std::string& id, Timestamp now) {
  const auto time = static_cast<long long>(now.unix_ms);
  return change(sql, "UPDATE uploads_under_way SET renewed_at = time_of(:now) WHERE id = :id", time, id) > 0;
}

bool end_upload(Session& sql, const std::string& id) {
  return change(sql, "DELETE FROM uploads_under_way WHERE id = :id", id) > 0;
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
  const auto width = static_cast<long long>(video.pixel_aspect.numerator);
  const auto height = static_cast<long long>(video.pixel_aspect.denominator);
  const auto end_time = static_cast<long long>(video.end_time);
  sql << "INSERT INTO dataset_videos(dataset_id, upload_index, time_base_numerator, time_base_denominator, "
         "pixel_aspect_numerator, pixel_aspect_denominator, end_time, source_path) "
         "VALUES (:dataset, :upload, :numerator, :denominator, :width, :height, :end, :source)",
      soci::use(dataset.to_string()), soci::use(upload), soci::use(numerator), soci::use(denominator),
      soci::use(width), soci::use(height), soci::use(end_time), source.use();
}

std::optional<BlobName> find_blob_name(Session& sql, const UserId& owner, const std::string& key) {
  struct Row {
    std::string image_name;
    Nullable<long long> frame_index;
    int is_mask = 0;
    void bind(soci::statement& statement) {
      statement.exchange(soci::into(image_name));
      statement.exchange(frame_index.into());
      statement.exchange(soci::into(is_mask));
    }
    BlobName value() const { return {image_name, frame_index.value(), is_mask != 0}; }
  };
  const auto where = [](const std::string& path, const std::string& user) {
    return " FROM dataset_items JOIN datasets ON datasets.id = dataset_id WHERE " + path +
           " AND NOT is_deleted AND user_id = " + user;
  };
  return first_of(select<Row>(sql,
                              "SELECT image_name, frame_index, 0" + where("image_path = :image", ":owner") +
                                  " UNION ALL SELECT image_name, frame_index, 1" +
                                  where("mask_path = :mask", ":owner2") + " LIMIT 1",
                              key, owner.to_string(), key, owner.to_string()));
}

}  // namespace inpaint::datasets::repository
