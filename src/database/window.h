#pragma once

#include <algorithm>
#include <cstdint>

namespace inpaint::database {

// Where a page of a list lies, seen from its nearer end: a database walks over every row that it skips, and
// so the last page costs no more than the first.
struct Window {
  bool from_end = false;
  long long limit = 0;
  long long offset = 0;

  // Of `total` rows, at most `limit` after the first `offset`.
  static Window of(std::int64_t total, std::int64_t offset, std::int64_t limit) {
    const std::int64_t size = std::clamp<std::int64_t>(total - offset, 0, limit);
    const std::int64_t behind = std::max<std::int64_t>(total - offset - size, 0);
    if (behind < offset) return {true, size, behind};
    return {false, size, offset};
  }
  // For lists with the highest first: the direction to walk in.
  const char* direction() const { return from_end ? "ASC" : "DESC"; }
};

}  // namespace inpaint::database
