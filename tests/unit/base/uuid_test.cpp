#include "base/uuid.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "base/time.h"

namespace inpaint {
namespace {

TEST(UuidTest, MadeIdsAreVersionSevenAndUnique) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = Uuid::make();
    EXPECT_EQ(id.to_string()[14], '7');
    EXPECT_NE(std::string("89ab").find(id.to_string()[19]), std::string::npos);
    EXPECT_EQ(Uuid::parse(id.to_string()), id);
    EXPECT_TRUE(seen.insert(id.to_string()).second);
  }
}

TEST(UuidTest, IdsMadeAMicrosecondLaterSortLater) {
  for (int i = 0; i < 1000; ++i) {
    const Uuid earlier = Uuid::make();
    const auto start = std::chrono::system_clock::now();
    while (std::chrono::system_clock::now() - start < std::chrono::microseconds(1)) {
    }
    EXPECT_LT(earlier, Uuid::make());
  }
}

TEST(UuidTest, ParsesOnlyTheCanonicalForm) {
  EXPECT_EQ(Uuid::parse("01890A5D-AC96-774B-BCCE-B302099A8057")->to_string(),
            "01890a5d-ac96-774b-bcce-b302099a8057");
  for (const char* text :
       {"", "1", "01890a5dac96774bbcceb302099a8057", "../../../../../../../../../../../etc",
        "01890a5d-ac96-774b-bcce-b302099a805g", "01890a5d-ac96-774b-bcce-b302099a80577"}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
}

TEST(TimestampTest, PrintsIsoUtcWithMilliseconds) {
  EXPECT_EQ(Timestamp{0}.to_iso(), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(Timestamp{1'700'000'000'123}.to_iso(), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(Timestamp{-1}.to_iso(), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace inpaint
