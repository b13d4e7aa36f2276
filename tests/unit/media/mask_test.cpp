#include "media/media.h"
#include "unit/media/fixtures.h"
#include "unit/temporary_directory.h"

namespace inpaint::media {
namespace {

using test::code_of;
using test::fixture;
using test::fixture_bytes;
using test::fixtures_in;

class GoodMask : public testing::TestWithParam<std::string> {};

TEST_P(GoodMask, trap_V5_every_way_to_store_a_binary_mask_is_accepted) {
  const engine::Mask wanted = read_mask(fixture("mask_good/1.png"), Limits());
  ASSERT_EQ(wanted.pixels.size(), 64u * 64u);
  // The disc, the bar at the border, and what lies between them.
  ASSERT_EQ(wanted.pixels[24 * 64 + 24], 255);
  ASSERT_EQ(wanted.pixels[50 * 64 + 63], 255);
  ASSERT_EQ(wanted.pixels[0], 0);
  ASSERT_EQ(wanted.pixels[44 * 64 + 30], 0);

  const engine::Mask mask = read_mask(fixture(GetParam()), Limits());
  EXPECT_EQ(mask.width, 64);
  EXPECT_EQ(mask.height, 64);
  EXPECT_EQ(mask.pixels, wanted.pixels);
  EXPECT_EQ(decode_mask(fixture_bytes(GetParam()), Limits()).pixels, wanted.pixels);
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = std::filesystem::path(info.param).filename();
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Mask, GoodMask, testing::ValuesIn(fixtures_in("mask_good")), test_name);

class BadMask : public testing::TestWithParam<std::string> {};

TEST_P(BadMask, trap_V5_is_refused_with_what_is_wanted) {
  std::string sentence;
  EXPECT_EQ(code_of([] { read_mask(fixture(GetParam()), Limits()); }, &sentence), "MASK_NOT_BINARY");
  EXPECT_NE(sentence.find("black where the picture is kept and white where it is filled"), std::string::npos)
      << sentence;
}

INSTANTIATE_TEST_SUITE_P(Mask, BadMask, testing::ValuesIn(fixtures_in("mask_bad")), test_name);

std::string sentence_about(const std::string& name) {
  std::string sentence;
  code_of([&] { read_mask(fixture("mask_bad/" + name), Limits()); }, &sentence);
  return sentence;
}

TEST(MaskTest, trap_V5_says_what_was_found) {
  EXPECT_NE(sentence_about("zero_one.png").find("values are 0 and 1"), std::string::npos);
  EXPECT_NE(sentence_about("zero_one.png").find("white is 255"), std::string::npos);
  EXPECT_NE(sentence_about("zero_one_16.png").find("white is 65535"), std::string::npos);
  EXPECT_NE(sentence_about("red_on_black.png").find("coloured"), std::string::npos);
  EXPECT_NE(sentence_about("red_on_black.jpg").find("coloured"), std::string::npos);
  EXPECT_NE(sentence_about("grey.png").find("grey"), std::string::npos);
  EXPECT_NE(sentence_about("one_grey_pixel.png").find("0.1 % of its pixels are grey"), std::string::npos);
  EXPECT_NE(sentence_about("translucent.png").find("half transparent"), std::string::npos);
  EXPECT_NE(sentence_about("contradiction.png").find("both colours and transparency"), std::string::npos);
  EXPECT_NE(sentence_about("soft_edges.jpg").find("more than compression makes"), std::string::npos);
  EXPECT_NE(sentence_about("photo_grey.jpg").find("more than compression makes"), std::string::npos);
}

TEST(MaskTest, DamagedFilesAndOtherFormatsAreRefusedAsPicturesAre) {
  const std::vector<std::uint8_t> whole = fixture_bytes("mask_good/8.png");
  EXPECT_EQ(code_of([&] { decode_mask(std::span(whole).first(whole.size() / 2), Limits()); }), "BAD_IMAGE");
  EXPECT_EQ(code_of([] { decode_mask({}, Limits()); }), "BAD_IMAGE");
  const std::string text = "white";
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  EXPECT_EQ(code_of([&] { decode_mask(bytes, Limits()); }), "UNSUPPORTED_FORMAT");
}

TEST(MaskTest, trap_V5_another_size_is_refused_with_both) {
  const engine::Mask mask{64, 48, std::vector<std::uint8_t>(64 * 48)};
  std::string sentence;
  EXPECT_EQ(code_of([&] { check_same_size(engine::Image(64, 48, 3, 8), mask); }), "");
  EXPECT_EQ(code_of([&] { check_same_size(engine::Image(48, 64, 3, 8), mask); }, &sentence),
            "MASK_SIZE_MISMATCH");
  EXPECT_NE(sentence.find("64 x 48"), std::string::npos);
  EXPECT_NE(sentence.find("48 x 64"), std::string::npos);
}

TEST(MaskTest, IsWrittenAsItIsRead) {
  const inpaint::test::TemporaryDirectory directory;
  for (const int width : {1, 7, 8, 9, 31}) {
    engine::Mask mask{width, 5, {}};
    for (int i = 0; i < width * 5; ++i) mask.pixels.push_back(i % 3 == 0 ? 255 : 0);
    write_mask(directory.path() / "mask.png", mask);
    const engine::Mask read = read_mask(directory.path() / "mask.png", Limits());
    EXPECT_EQ(read.width, width);
    EXPECT_EQ(read.height, 5);
    EXPECT_EQ(read.pixels, mask.pixels);
  }
}

}  // namespace
}  // namespace inpaint::media
