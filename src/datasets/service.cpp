#include "datasets/service.h"

#include "base/error.h"
#include "base/log.h"

namespace inpaint::datasets {
namespace {

using database::Session;

Dataset find_or_throw(Session& sql, const UserId& owner, const std::string& name_or_id) {
  std::optional<Dataset> dataset = repository::find(sql, owner, name_or_id);
  if (!dataset) throw not_found("There is no such dataset.");
  return *std::move(dataset);
}

}  // namespace

Dataset Service::create(const UserId& owner, const std::string& name, const std::vector<std::string>& tags) {
  const Timestamp now = Timestamp::now();
  Dataset dataset{DatasetId::make(), name, tags, false, 0, 0, now, now};
  try {
    database_.transaction([&](Session& sql) { repository::insert(sql, owner, dataset); });
  } catch (const Error& error) {
    if (!database::is_unique_violation(error)) throw;
    throw invalid("DUPLICATE_NAME", "You already have a dataset of this name.",
                  {{"name", "is already taken"}});
  }
  log::info("datasets", "created", {{"dataset", dataset.id.to_string()}, {"user", owner.to_string()}});
  return dataset;
}

Dataset Service::find(const UserId& owner, const std::string& name_or_id) {
  return database_.read([&](Session& sql) { return find_or_throw(sql, owner, name_or_id); });
}

Service::Listing Service::list(const UserId& owner, const repository::Filter& filter, std::int64_t limit,
                               std::int64_t offset) {
  return database_.read([&](Session& sql) {
    return Listing{repository::list(sql, owner, filter, limit, offset),
                   repository::count(sql, owner, filter)};
  });
}

Service::Content Service::content(const UserId& owner, const std::string& name_or_id, std::int64_t first,
                                  std::int64_t limit) {
  return database_.read([&](Session& sql) {
    Dataset dataset = find_or_throw(sql, owner, name_or_id);
    std::vector<Item> items = repository::items(sql, dataset.id, first, limit);
    return Content{std::move(dataset), std::move(items)};
  });
}

void Service::check_readable(const UserId& user, const std::string& key) {
  if (!database_.read([&](Session& sql) { return repository::owns_blob(sql, user, key); })) {
    throw not_found("There is no such image.");
  }
}

}  // namespace inpaint::datasets
