#include "base/credits.h"

#include <gtest/gtest.h>

namespace inpaint {
namespace {

TEST(CreditsTest, ParsesDecimalNumbersWithAtMostTwoPlaces) {
  EXPECT_EQ(Credits::parse("12"), Credits{1200});
  EXPECT_EQ(Credits::parse("0.5"), Credits{50});
  EXPECT_EQ(Credits::parse("-3.25"), Credits{-325});
  EXPECT_EQ(Credits::parse("100.00"), Credits{10000});
}

TEST(CreditsTest, RefusesEverythingElse) {
  for (const char* text : {"", ".", "1.", ".5", "1.234", "1e3", "+1", "--1", " 1", "1 ", "0x10", "nan",
                           "1.-2", "9999999999999999", "1,5"}) {
    EXPECT_EQ(Credits::parse(text), std::nullopt) << text;
  }
}

TEST(CreditsTest, PrintsTheShortestDecimal) {
  EXPECT_EQ(Credits{10000}.to_string(), "100");
  EXPECT_EQ(Credits{9725}.to_string(), "97.25");
  EXPECT_EQ(Credits{40}.to_string(), "0.4");
  EXPECT_EQ(Credits{-5}.to_string(), "-0.05");
  EXPECT_EQ(Credits{}.to_string(), "0");
}

TEST(CreditsTest, TextRoundTripsForEveryHundredthAroundZero) {
  for (std::int64_t hundredths = -1000; hundredths <= 1000; ++hundredths) {
    EXPECT_EQ(Credits::parse(Credits{hundredths}.to_string()), Credits{hundredths});
  }
}

}  // namespace
}  // namespace inpaint
