#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace inpaint::http {

// What a part of multipart/form-data says of itself; valid UTF-8 without control characters.
struct PartHeader {
  std::string name;
  std::optional<std::string> file_name;  // of a file, maybe empty; nothing: the part is a field
};

// A part's header block, without the empty line at its end. Throws kInvalid MALFORMED_MULTIPART.
PartHeader parse_part_header(std::string_view block);

// The boundary in a request's Content-Type. Throws kUnsupportedType unless it is multipart/form-data,
// kInvalid MALFORMED_MULTIPART when its boundary is missing or malformed.
std::string boundary_of(std::string_view content_type);

Error malformed_multipart(const std::string& what);

}  // namespace inpaint::http
