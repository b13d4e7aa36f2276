#pragma once

#include <cstdint>

#include "http/message.h"

namespace inpaint::http {

// Which part of a file answers a request.
struct FilePlan {
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

// Decides by Range, If-Range and If-None-Match (RFC 9110, sections 13 and 14). Several ranges at once are
// answered with the whole file. Sets the status (200, 206, 304) and the headers of the response, whose body
// is `file`. Throws kRangeNotSatisfiable.
FilePlan plan_file(const Request& request, const FileBody& file, Response& response);

}  // namespace inpaint::http
