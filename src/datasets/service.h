#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "database/database.h"
#include "datasets/dataset.h"
#include "datasets/repository.h"

namespace inpaint::datasets {

// The rules of a dataset as its owner sees it. A dataset that is not the caller's own is one that is not
// there: every function throws kNotFound for it. Thread-safe.
class Service {
 public:
  explicit Service(database::Database& database) : database_(database) {}

  // `name` and `tags` keep the rules of rules.h. Throws kInvalid DUPLICATE_NAME.
  Dataset create(const UserId& owner, const std::string& name, const std::vector<std::string>& tags);

  Dataset find(const UserId& owner, const std::string& name_or_id);

  struct Listing {
    std::vector<Dataset> datasets;  // newest first
    std::int64_t total = 0;
  };
  Listing list(const UserId& owner, const repository::Filter& filter, std::int64_t limit,
               std::int64_t offset);

  struct Changes {
    std::optional<std::string> name;
    std::optional<std::vector<std::string>> tags;
  };
  // Throws kInvalid DUPLICATE_NAME. What is being uploaded or inpainted goes on.
  Dataset update(const UserId& owner, const std::string& name_or_id, const Changes& changes);

  // From now on it is not there for its owner, except in a list that includes what is deleted, and its name
  // is free. What inferences copied of it, and their results, stay.
  void remove(const UserId& owner, const std::string& name_or_id);

  struct Content {
    Dataset dataset;
    std::vector<Item> items;
  };
  // The dataset with a page of its items.
  Content content(const UserId& owner, const std::string& name_or_id, std::int64_t first, std::int64_t limit);

  // Throws unless the blob is an image or a mask of one of the user's datasets.
  repository::BlobName name_of_blob(const UserId& user, const std::string& key);

 private:
  database::Database& database_;
};

}  // namespace inpaint::datasets
