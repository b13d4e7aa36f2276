#include <string>

#include "media/video.h"
#include "unit/media/fixtures.h"
#include "unit/media/peak_memory.h"
#include "unit/videos.h"

namespace inpaint::media {
namespace {

using inpaint::test::content_of;
using inpaint::test::Videos;
using test::code_of;
using test::expect_peak_below;

// Small files with one frame of 8000 x 8000 pixels, which decodes to 96 MB.
class VideoBombTest : public testing::Test {
 protected:
  std::filesystem::path make_large(const std::string& name, const std::string& options) {
    return videos_.make(name, "-f lavfi -i color=black:s=8000x8000 -frames:v 1 " + options);
  }
  static void read(const std::filesystem::path& file) {
    VideoReader reader(file, {}, {});
    while (reader.next()) continue;
  }

  Videos videos_;
};

TEST_F(VideoBombTest, trap_F3_a_large_frame_is_refused_by_its_header) {
  for (const auto& [name, codec] : {std::pair{"a.mov", "png"}, {"b.mov", "mjpeg"}, {"c.avi", "mjpeg"}}) {
    const auto bomb = make_large(name, std::string("-c:v ") + codec);
    EXPECT_EQ(code_of([&] { read(bomb); }), "VIDEO_TOO_LARGE") << name;
    expect_peak_below(16, [&] { read(bomb); });
  }
}

TEST_F(VideoBombTest, trap_F3_a_large_frame_behind_a_small_header_is_not_decoded) {
  std::string bytes = content_of(make_large("a.mov", "-c:v mjpeg"));
  const std::size_t entry = bytes.find("jpeg", bytes.find("stsd"));
  bytes.replace(entry + 28, 4, std::string("\0\x40\0\x30", 4));  // width and height
  const auto bomb = videos_.write("lying.mov", bytes);
  EXPECT_EQ(code_of([&] { read(bomb); }), "BAD_VIDEO");
  expect_peak_below(16, [&] { read(bomb); });
}

TEST_F(VideoBombTest, trap_F3_a_large_cover_picture_is_not_decoded) {
  const auto plain = videos_.make_numbered("plain.mp4", "1");
  for (const std::string kind : {"png", "jpg"}) {
    const auto cover = make_large("cover." + kind, "");
    const auto file = videos_.make(kind + ".mp4", "-i " + plain.string() + " -i " + cover.string() +
                                                      " -map 0 -map 1 -c copy -disposition:v:1 attached_pic");
    EXPECT_EQ(code_of([&] { read(file); }), "") << kind;
    expect_peak_below(24, [&] { read(file); });
  }
}

TEST_F(VideoBombTest, trap_F3_only_one_of_many_streams_of_pictures_is_decoded) {
  std::string inputs, maps;
  for (int i = 0; i < 12; ++i) {
    inputs += "-f lavfi -i testsrc2=s=1600x1200:d=1 ";
    maps += " -map " + std::to_string(i);
  }
  const auto file = videos_.make("a.mp4", inputs + maps + " -c:v libx264 -preset ultrafast -frames:v 2");
  expect_peak_below(48, [&] { read(file); });
}

TEST_F(VideoBombTest, RefusesPicturesThatAreNoCodecOfVideos) {
  const auto file = videos_.make("a.mov", "-f lavfi -i testsrc2=s=64x48:d=1 -c:v png");
  EXPECT_EQ(code_of([&] { read(file); }), "BAD_VIDEO");
}

TEST_F(VideoBombTest, TakesAsManyPixelsAsAreAllowed) {
  const auto file = videos_.make("a.mp4", "-f lavfi -i testsrc2=s=402x250:d=1 -c:v libx264");
  const VideoLimits limits{.maximum_pixels = 402 * 250};
  EXPECT_EQ(code_of([&] { VideoReader(file, {}, limits).next(); }), "");
}

}  // namespace
}  // namespace inpaint::media
