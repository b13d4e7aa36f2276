#pragma once

#include <string>
#include <string_view>

#include "http/json.h"

namespace inpaint::cli {

// An OpenAPI description as one page of HTML that needs nothing else: no script, no other file. `style` is
// its style sheet.
std::string render_docs_page(const http::Json& openapi, std::string_view style);

}  // namespace inpaint::cli
