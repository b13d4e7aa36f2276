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

TEST(TimestampTest, reads_what_it_writes) {
  for (const std::int64_t unix_ms : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1'769'860'800'123},
                                     std::int64_t{-1}, std::int64_t{951'782'400'000}}) {
    EXPECT_EQ(Timestamp::parse_iso(Timestamp{unix_ms}.to_iso()), Timestamp{unix_ms}) << unix_ms;
  }
}

TEST(TimestampTest, reads_dates_times_and_zones) {
  const auto read = [](const char* text) { return Timestamp::parse_iso(text).value().to_iso(); };
  EXPECT_EQ(read("2026-01-31"), "2026-01-31T00:00:00.000Z");
  EXPECT_EQ(read("2026-01-31T12:30"), "2026-01-31T12:30:00.000Z");
  EXPECT_EQ(read("2026-01-31T12:30:05"), "2026-01-31T12:30:05.000Z");
  EXPECT_EQ(read("2026-01-31T12:30:05.250Z"), "2026-01-31T12:30:05.250Z");
  EXPECT_EQ(read("2026-01-31T00:30:00+01:00"), "2026-01-30T23:30:00.000Z");
  EXPECT_EQ(read("2026-12-31T23:30:00-02:30"), "2027-01-01T02:00:00.000Z");
  EXPECT_EQ(read("2024-02-29"), "2024-02-29T00:00:00.000Z");
}

TEST(TimestampTest, refuses_everything_else) {
  for (const char* text :
       {"", "2026", "2026-1-31", "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-32", "31.01.2026",
        "2026-01-31 12:00", "2026-01-31T", "2026-01-31T24:00", "2026-01-31T12:60", "2026-01-31T12:00:60",
        "2026-01-31T12:00:00.1Z", "2026-01-31T12:00ZZ", "2026-01-31T12:00+1:00", "2026-01-31T12:00 01:00",
        "-026-01-31", "tomorrow"}) {
    EXPECT_EQ(Timestamp::parse_iso(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace inpaint
