#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "http/json.h"

namespace inpaint::inferences {

enum class OutputFormat { kPng, kJpeg, kMp4 };

// "png", "jpg" or "mp4"
std::string_view extension(OutputFormat format);

// What the user may say about how the work is done.
struct Parameters {
  engine::Parameters engine;
  OutputFormat output_format = OutputFormat::kPng;
  std::string custom;  // the user's own note; of no effect on our engine
};

// As the user would write them.
http::Json to_json(const Parameters& parameters);

// Reads the "parameters" of a submission; each that is unknown or wrong is added to `failures`.
Parameters parse_parameters(const http::Json& parameters, std::vector<ErrorDetail>& failures);

// Reads parameters that were stored, hence valid.
Parameters parse_stored_parameters(const std::string& text);

// What each parameter may be, for GET /models.
http::Json describe_parameters();

}  // namespace inpaint::inferences
