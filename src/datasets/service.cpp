#include "datasets/service.h"

#include "base/error.h"
#include "base/log.h"

namespace inpaint::datasets {
namespace {

using database::Session;

Error no_dataset() {
  return not_found("There is no such dataset.");
}

Dataset found_or_throw(std::optional<Dataset> dataset) {
  if (!dataset) throw no_dataset();
  return *std::move(dataset);
}

template <typename Work>
auto transaction_with_unique_name(database::Database& database, const Work& work) {
  try {
    return database.transaction(work);
  } catch (const Error& error) {
    if (!database::is_unique_violation(error)) throw;
    throw invalid("DUPLICATE_NAME", "You already have a dataset of this name.",
                  {{"name", "is already taken"}});
  }
}

}  // namespace

Dataset Service::create(const UserId& owner, const std::string& name, const std::vector<std::string>& tags) {
  const Timestamp now = Timestamp::now();
  Dataset dataset{DatasetId::make(), name, tags, false, 0, 0, now, now};
  transaction_with_unique_name(database_, [&](Session& sql) { repository::insert(sql, owner, dataset); });
  log::info("datasets", "created", {{"dataset", dataset.id.to_string()}, {"user", owner.to_string()}});
  return dataset;
}

Dataset Service::find(const UserId& owner, const std::string& name_or_id) {
  return database_.read(
      [&](Session& sql) { return found_or_throw(repository::find(sql, owner, name_or_id)); });
}

Service::Listing Service::list(const UserId& owner, const repository::Filter& filter, std::int64_t limit,
                               std::int64_t offset) {
  return database_.read([&](Session& sql) {
    const std::int64_t total = repository::count(sql, owner, filter);
    return Listing{repository::list(sql, owner, filter, database::Window::of(total, offset, limit)), total};
  });
}

Dataset Service::update(const UserId& owner, const std::string& name_or_id, const Changes& changes) {
  Dataset updated = transaction_with_unique_name(database_, [&](Session& sql) {
    Dataset dataset = found_or_throw(repository::find_and_lock(sql, owner, name_or_id));
    if (changes.name) dataset.name = *changes.name;
    if (changes.tags) dataset.tags = *changes.tags;
    dataset.updated_at = Timestamp::now();
    repository::update(sql, dataset);
    return dataset;
  });
  log::info("datasets", "updated", {{"dataset", updated.id.to_string()}, {"user", owner.to_string()}});
  return updated;
}

void Service::remove(const UserId& owner, const std::string& name_or_id) {
  const Dataset dataset = database_.transaction([&](Session& sql) {
    Dataset found = found_or_throw(repository::find(sql, owner, name_or_id));
    if (!repository::mark_deleted(sql, found.id)) throw no_dataset();
    return found;
  });
  log::info("datasets", "deleted", {{"dataset", dataset.id.to_string()}, {"user", owner.to_string()}});
}

Service::Content Service::content(const UserId& owner, const std::string& name_or_id, std::int64_t first,
                                  std::int64_t limit) {
  return database_.read([&](Session& sql) {
    Dataset dataset = found_or_throw(repository::find(sql, owner, name_or_id));
    std::vector<Item> items = repository::items(sql, dataset.id, first, limit);
    return Content{std::move(dataset), std::move(items)};
  });
}

repository::BlobName Service::name_of_blob(const UserId& user, const std::string& key) {
  auto name = database_.read([&](Session& sql) { return repository::find_blob_name(sql, user, key); });
  if (!name) throw not_found("There is no such image.");
  return *std::move(name);
}

}  // namespace inpaint::datasets
