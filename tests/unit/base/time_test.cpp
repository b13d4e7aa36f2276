#include "base/time.h"

#include <gtest/gtest.h>

namespace inpaint {
namespace {

TEST(TimestampTest, is_iso_8601_in_utc_to_the_millisecond) {
  EXPECT_EQ(Timestamp{0}.to_iso(), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(Timestamp{951'825'599'999}.to_iso(), "2000-02-29T11:59:59.999Z");
  EXPECT_EQ(Timestamp{1'769'860'800'007}.to_iso(), "2026-01-31T12:00:00.007Z");
  EXPECT_EQ(Timestamp{253'402'300'799'999}.to_iso(), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(Timestamp{-1}.to_iso(), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace inpaint
