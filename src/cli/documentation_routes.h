#pragma once

#include <string_view>

#include "http/router.h"

namespace inpaint::cli {

// docs/openapi.json, as it was when the program was built.
std::string_view openapi();

// /openapi.json and /docs.
void add_documentation_routes(http::Router& router);

}  // namespace inpaint::cli
