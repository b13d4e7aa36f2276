#include "media/video.h"
#include "unit/media/fixtures.h"
#include "unit/videos.h"

namespace inpaint::media {
namespace {

using inpaint::test::Videos;

// A white box of 100 x 80 that wanders over black; `options` say how it is encoded.
std::string wandering_box(const std::string& filter, const std::string& options) {
  return "-f lavfi -i color=black:s=320x240:r=10:d=2 -f lavfi -i color=white:s=100x80:r=10:d=2 "
         "-filter_complex "
         "\"[0][1]overlay=x='20+5*n':y='40+3*n'" +
         filter + "\" " + options;
}

class VideoMaskTest : public testing::Test {
 protected:
  // The holes of the frames, in pixels, or the error that was thrown.
  std::vector<std::int64_t> holes_of(const std::filesystem::path& file) {
    VideoReader reader(file, {std::nullopt}, {});
    std::vector<std::int64_t> holes;
    while (const auto frame = reader.next()) {
      const engine::Mask mask = mask_of_frame(frame->image, static_cast<std::int64_t>(holes.size()));
      holes.push_back(std::count(mask.pixels.begin(), mask.pixels.end(), 255));
    }
    return holes;
  }

  Videos videos_;
};

TEST_F(VideoMaskTest, trap_V5_takes_what_video_encoders_make_of_a_binary_mask) {
  int number = 0;
  for (const std::string options :
       {"-c:v libx264 -crf 18 -pix_fmt yuv420p", "-c:v libx264 -crf 28 -pix_fmt yuv420p",
        "-c:v libx264 -crf 35 -pix_fmt yuv420p", "-c:v libx264 -crf 23 -pix_fmt yuv444p"}) {
    const auto file = videos_.make(std::to_string(number++) + ".mp4", wandering_box("", options));
    const std::vector<std::int64_t> holes = holes_of(file);
    ASSERT_EQ(holes.size(), 20U) << options;
    for (const std::int64_t count : holes) EXPECT_NEAR(static_cast<double>(count), 8000, 40) << options;
  }
  for (const std::string options : {"-c:v mpeg4 -q:v 5", "-c:v mjpeg -q:v 5"}) {
    const auto file = videos_.make(std::to_string(number++) + ".avi", wandering_box("", options));
    EXPECT_EQ(holes_of(file).size(), 20U) << options;
  }
}

TEST_F(VideoMaskTest, trap_V5_refuses_soft_edges_grey_and_colour_and_names_the_frame) {
  const std::string x264 = "-c:v libx264 -pix_fmt yuv420p";
  std::string sentence;
  const auto code_for = [&](const std::string& name, const std::string& filter) {
    const auto file = videos_.make(name, wandering_box(filter, x264));
    return test::code_of([&] { holes_of(file); }, &sentence);
  };
  EXPECT_EQ(code_for("soft.mp4", ",gblur=sigma=3"), "MASK_NOT_BINARY");
  EXPECT_EQ(code_for("grey.mp4", ",lutyuv=y='min(val,120)':enable='gte(n,7)'"), "MASK_NOT_BINARY");
  EXPECT_NE(sentence.find("Frame 7 "), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("grey"), std::string::npos) << sentence;
  EXPECT_EQ(code_for("red.mp4", ",colorchannelmixer=gg=0:bb=0:enable='gte(n,3)'"), "MASK_NOT_BINARY");
  EXPECT_NE(sentence.find("Frame 3 "), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("coloured"), std::string::npos) << sentence;
}

}  // namespace
}  // namespace inpaint::media
