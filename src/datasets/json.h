#pragma once

#include "datasets/dataset.h"
#include "http/json.h"

namespace inpaint::datasets {

std::string_view type_name(ItemType type);

// What a dataset holds: "image", "video" or "mixed"; null while it is empty.
http::Json type_json(const Dataset& dataset);

// {id, name, tags, isDeleted, itemCount, type, createdAt, updatedAt}
http::Json to_json(const Dataset& dataset);

}  // namespace inpaint::datasets
