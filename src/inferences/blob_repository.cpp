#include "inferences/blob_repository.h"

#include <algorithm>
#include <string_view>

#include "base/uuid.h"
#include "database/query.h"

namespace inpaint::inferences::repository {
namespace {

using database::change;
using database::NumberRow;
using database::select;

// The id of the dataset or the inference that a blob's key holds; one that nothing has when it holds none.
std::string group_of(const std::string& key) {
  const auto begin = std::min(key.find('/'), key.size() - 1) + 1;
  const auto id = Uuid::parse(std::string_view(key).substr(begin, key.find('/', begin) - begin));
  return id ? id->to_string() : "00000000-0000-0000-0000-000000000000";
}

}  // namespace

bool is_named(Session& sql, const std::string& key, Timestamp gone_before) {
  const std::string of_dataset =
      " JOIN datasets ON datasets.id = dataset_id "
      "WHERE (NOT is_deleted AND user_id IS NOT NULL OR updated_at >= time_of(:";
  const std::string of_live =
      " JOIN inferences ON id = inference_id WHERE inferences.status IN ('PENDING', 'RUNNING') AND ";
  const std::string of_owned =
      " JOIN inferences ON id = inference_id WHERE user_id IS NOT NULL "
      "AND inferences.status IN ('PENDING', 'RUNNING', 'COMPLETED') AND ";
  const auto exists = [](const std::string& rows) { return "EXISTS(SELECT 1 FROM " + rows + ")"; };
  const auto since = static_cast<long long>(gone_before.unix_ms);
  const std::string group = group_of(key);
  return select<NumberRow>(sql,
                           "SELECT " + exists("dataset_items" + of_dataset + "since1)) AND image_path = :a") +
                               " OR " + exists("dataset_items" + of_dataset + "since2)) AND mask_path = :b") +
                               " OR " +
                               exists("dataset_videos" + of_dataset + "since3)) AND source_path = :c") +
                               " OR " + exists("inference_items" + of_live + "image_path = :d") + " OR " +
                               exists("inference_items" + of_live + "mask_path = :e") + " OR " +
                               exists("inference_videos" + of_live + "source_path = :f") + " OR " +
                               exists("inference_items" + of_owned + "output_path = :g") + " OR " +
                               exists("inference_videos" + of_owned + "output_path = :h") + " OR " +
                               exists("uploads_under_way WHERE dataset_id = :i") + " OR " +
                               exists("inferences WHERE id = :j AND status IN ('PENDING', 'RUNNING')"),
                           since, key, since, key, since, key, key, key, key, key, key, group, group)
             .front() != 0;
}

void forget_uploads(Session& sql, Timestamp before) {
  change(sql, "DELETE FROM uploads_under_way WHERE renewed_at < time_of(:before)",
         static_cast<long long>(before.unix_ms));
}

}  // namespace inpaint::inferences::repository
