#include "http/text.h"

#include <gtest/gtest.h>

#include "base/percent.h"

namespace inpaint::http {
namespace {

TEST(TextTest, TrimsBlanks) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(TextTest, KnowsUtf8) {
  for (const char* good : {"", "a", "é", "€", "😀", "\xF4\x8F\xBF\xBF"}) EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "a\xFF"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(TextTest, KnowsWhatNobodySees) {
  for (const char* blank :
       {"", " \t", "\u00A0", "\u200B\uFEFF", "\u3000 \u2003", "\u3164", "\u2800", "\u00AD"}) {
    EXPECT_TRUE(is_blank(blank)) << blank;
  }
  for (const char* seen : {"a", "\u00A0.", "\u3000é", "😀\uFE0F", "می\u200Cخواهم"})
    EXPECT_FALSE(is_blank(seen)) << seen;
}

TEST(TextTest, CountsCodePoints) {
  EXPECT_EQ(count_characters("aé€😀"), 4U);
}

TEST(TextTest, PercentDecodingAndEncodingAreInverse) {
  EXPECT_EQ(percent_decode("a%20b+c", false), "a b+c");
  EXPECT_EQ(percent_decode("a%20b+c", true), "a b c");
  const std::string text = "ä /?#%&=\"😀";
  EXPECT_EQ(percent_decode(percent_encode(text), false), text);
}

}  // namespace
}  // namespace inpaint::http
