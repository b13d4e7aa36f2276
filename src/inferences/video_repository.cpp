#include "inferences/video_repository.h"

#include "database/query.h"

namespace inpaint::inferences::repository {
namespace {

using database::change;
using database::Nullable;
using database::select;

struct VideoRow {
  long long upload_index = 0, numerator = 1, denominator = 1, width = 1, height = 1, end_time = 0;
  Nullable<std::string> source_path, output_path;

  void bind(soci::statement& statement) {
    for (long long* number : {&upload_index, &numerator, &denominator, &width, &height, &end_time}) {
      statement.exchange(soci::into(*number));
    }
    statement.exchange(source_path.into());
    statement.exchange(output_path.into());
  }
  Video value() const {
    return {upload_index, {numerator, denominator}, {width, height},
            end_time,     source_path.value(),      output_path.value()};
  }
};

}  // namespace

void copy_videos(Session& sql, const InferenceId& inference, const Dataset& dataset) {
  change(sql,
         "INSERT INTO inference_videos(inference_id, upload_index, time_base_numerator, "
         "time_base_denominator, pixel_aspect_numerator, pixel_aspect_denominator, end_time, source_path) "
         "SELECT :id, upload_index, time_base_numerator, time_base_denominator, pixel_aspect_numerator, "
         "pixel_aspect_denominator, end_time, source_path FROM dataset_videos WHERE dataset_id = :dataset",
         inference.to_string(), dataset.id);
}

std::vector<Video> videos(Session& sql, const InferenceId& inference) {
  return select<VideoRow>(sql,
                          "SELECT upload_index, time_base_numerator, time_base_denominator, "
                          "pixel_aspect_numerator, pixel_aspect_denominator, end_time, source_path, "
                          "output_path FROM inference_videos WHERE inference_id = :id "
                          "ORDER BY upload_index",
                          inference.to_string());
}

bool record_video(Session& sql, const InferenceId& inference, std::int64_t upload_index,
                  const std::string& output_path) {
  const auto upload = static_cast<long long>(upload_index);
  const bool recorded = change(sql,
                               "UPDATE inference_videos SET output_path = :path WHERE inference_id = :id AND "
                               "upload_index = :upload AND output_path IS NULL "
                               "AND EXISTS(SELECT 1 FROM inferences WHERE id = :id2 AND status = 'RUNNING')",
                               output_path, inference.to_string(), upload, inference.to_string()) > 0;
  if (recorded) {
    change(sql,
           "UPDATE inference_items SET output_path = NULL WHERE inference_id = :id AND "
           "upload_index = :upload",
           inference.to_string(), upload);
  }
  return recorded;
}

}  // namespace inpaint::inferences::repository
