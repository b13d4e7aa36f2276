#include "database/window.h"

#include <gtest/gtest.h>

namespace inpaint::database {
namespace {

// The rows of a list of `total` rows that a window selects, counted from the list's beginning.
std::vector<long long> rows(std::int64_t total, const Window& window) {
  std::vector<long long> found;
  for (long long i = 0; i < window.limit; ++i) {
    const long long row = window.offset + i;
    if (row < total) found.push_back(window.from_end ? total - 1 - row : row);
  }
  if (window.from_end) std::reverse(found.begin(), found.end());
  return found;
}

TEST(Window, selects_the_page_from_either_end) {
  for (std::int64_t total = 0; total < 12; ++total) {
    for (std::int64_t offset = 0; offset < 15; ++offset) {
      for (std::int64_t limit = 1; limit < 5; ++limit) {
        std::vector<long long> expected;
        for (std::int64_t row = offset; row < std::min(total, offset + limit); ++row) expected.push_back(row);
        EXPECT_EQ(rows(total, Window::of(total, offset, limit)), expected)
            << total << " " << offset << " " << limit;
      }
    }
  }
}

TEST(Window, skips_at_most_half_of_the_list) {
  EXPECT_EQ(Window::of(1'000'000, 0, 20).offset, 0);
  EXPECT_EQ(Window::of(1'000'000, 999'980, 20).offset, 0);
  EXPECT_EQ(Window::of(1'000'000, 600'000, 20).offset, 399'980);
}

}  // namespace
}  // namespace inpaint::database
