#include "datasets/json.h"

namespace inpaint::datasets {

using http::Json;

std::string_view type_name(ItemType type) {
  return type == ItemType::kVideo ? "video" : "image";
}

Json type_json(const Dataset& dataset) {
  if (dataset.item_count == 0) return nullptr;
  if (dataset.video_item_count == 0) return type_name(ItemType::kImage);
  return dataset.video_item_count == dataset.item_count ? Json(type_name(ItemType::kVideo)) : Json("mixed");
}

Json to_json(const Dataset& dataset) {
  return {{"id", dataset.id.to_string()},
          {"name", dataset.name},
          {"tags", dataset.tags},
          {"isDeleted", dataset.is_deleted},
          {"itemCount", dataset.item_count},
          {"type", type_json(dataset)},
          {"createdAt", dataset.created_at.to_iso()},
          {"updatedAt", dataset.updated_at.to_iso()}};
}

}  // namespace inpaint::datasets
