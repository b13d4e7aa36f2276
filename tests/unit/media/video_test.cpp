#include "media/video.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "unit/media/fixtures.h"
#include "unit/videos.h"

namespace inpaint::media {
namespace {

using inpaint::test::content_of;
using inpaint::test::Videos;

const SamplingRate kNative{std::nullopt};

// Which frame of Videos::numbered() it is.
int number_of(const engine::Image& image) {
  const std::size_t middle = image.bytes().size() / 2;
  return static_cast<int>(std::lround(image.bytes()[middle] * 219.0 / 255.0));
}

struct Read {
  std::vector<int> numbers;
  std::vector<std::int64_t> times;
  std::int64_t end_time = 0;
};

Read read(const std::filesystem::path& file, const SamplingRate& rate = {}) {
  VideoReader reader(file, rate, {});
  const std::int64_t expected = reader.expected_frames();
  Read read;
  while (const auto frame = reader.next()) {
    read.numbers.push_back(number_of(frame->image));
    read.times.push_back(frame->time);
  }
  read.end_time = reader.end_time();
  EXPECT_LE(expected, static_cast<std::int64_t>(read.numbers.size())) << "never promises too much";
  return read;
}

// How far two pictures of one size are from each other, on average over all samples.
double difference(const engine::Image& a, const engine::Image& b) {
  EXPECT_EQ(a.width(), b.width());
  EXPECT_EQ(a.height(), b.height());
  double sum = 0;
  for (std::size_t i = 0; i < a.bytes().size(); ++i) sum += std::abs(a.bytes()[i] - b.bytes()[i]);
  return sum / static_cast<double>(a.bytes().size());
}

class VideoTest : public testing::Test {
 protected:
  engine::Image first_frame(const std::filesystem::path& file) {
    VideoReader reader(file, {}, {});
    return reader.next()->image;
  }
  // The same frame as ffmpeg shows it, rotated as the file says, with its colours interpolated as finely.
  engine::Image first_frame_by_ffmpeg(const std::filesystem::path& file) {
    return read_image(videos_.make("first.png", "-i " + file.string() +
                                                    " -frames:v 1 -pix_fmt rgb24 -sws_flags "
                                                    "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"),
                      {});
  }

  Videos videos_;
};

TEST_F(VideoTest, trap_V8_takes_the_frame_at_each_second) {
  const Read four = read(videos_.make_numbered("a.mp4", "4"));
  EXPECT_EQ(four.numbers, (std::vector<int>{0, 30, 60, 90}));
  EXPECT_EQ(four.times, (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(four.end_time, 4);
}

TEST_F(VideoTest, trap_V8_a_video_under_half_a_second_is_one_frame) {
  EXPECT_EQ(read(videos_.make_numbered("a.mp4", "0.3")).numbers, std::vector<int>{0});
  EXPECT_EQ(read(videos_.make_numbered("one.mp4", "1", "", "-frames:v 1")).numbers, std::vector<int>{0});
}

TEST_F(VideoTest, SamplesAtAnyRate) {
  const auto file = videos_.make_numbered("a.mp4", "2");
  EXPECT_EQ(read(file, {Fraction{2, 1}}).numbers, (std::vector<int>{0, 15, 30, 45}));
  EXPECT_EQ(read(file, {Fraction{1, 2}}).numbers, std::vector<int>{0});
  EXPECT_EQ(read(file, {Fraction{60, 1}}).numbers.size(), 120U)
      << "faster than the source: frames stand twice";
  EXPECT_EQ(read(file, {Fraction{30, 1}}).numbers, read(file, kNative).numbers);
}

// Frame n is shown at n * n / 30 seconds.
TEST_F(VideoTest, SamplesAVariableFrameRateByItsTimeStamps) {
  const auto file = videos_.make_numbered("a.mp4", "1", "", "-vf \"setpts=N*N/30/TB\" -vsync vfr");
  const Read sampled = read(file);
  ASSERT_GE(sampled.numbers.size(), 28U);  // the last frame is shown at 28.03 s
  for (std::size_t n = 0; n < sampled.numbers.size(); ++n) {
    const int expected = std::min(29, static_cast<int>(std::sqrt(30.0 * static_cast<double>(n)) + 1e-9));
    EXPECT_EQ(sampled.numbers[n], expected) << "at second " << n;
  }
  const Read native = read(file, kNative);
  ASSERT_EQ(native.numbers.size(), 30U);
  VideoReader reader(file, kNative, {});
  const double unit =
      static_cast<double>(reader.time_base().numerator) / static_cast<double>(reader.time_base().denominator);
  for (std::size_t n = 0; n < 30; ++n) {
    EXPECT_NEAR(static_cast<double>(native.times[n]) * unit, static_cast<double>(n * n) / 30, 0.001);
  }
}

TEST_F(VideoTest, PutsBFramesInTheOrderInWhichTheyAreShown) {
  const auto file = videos_.make_numbered("a.mp4", "2", "", "-x264-params bframes=4:b-adapt=0:qp=10");
  const Read native = read(file, kNative);
  ASSERT_EQ(native.numbers.size(), 60U);
  EXPECT_TRUE(std::is_sorted(native.numbers.begin(), native.numbers.end()));
  EXPECT_TRUE(std::is_sorted(native.times.begin(), native.times.end()));
}

// Frames at 0, 20.00, 20.03, ... seconds: the first is decoded long before it is shown.
TEST_F(VideoTest, PromisesNoMoreOfBFramesAtAVariableRate) {
  const auto file = videos_.make_numbered(
      "a.mp4", "0.5", "",
      "-vf \"setpts='if(eq(N,0),0,20+(N-1)/30)/TB'\" -vsync vfr -x264-params bframes=2:b-adapt=0:qp=10");
  EXPECT_EQ(read(file).numbers.size(), 21U);
}

TEST_F(VideoTest, ALongFrameIsALongVideo) {
  const auto file = videos_.make_numbered("a.mp4", "0.1", "", "-frames:v 1");
  EXPECT_EQ(test::code_of([&] {
              VideoReader reader(file, kNative, {.maximum_seconds = 0});
              while (reader.next()) continue;
            }),
            "VIDEO_TOO_LONG");
}

TEST_F(VideoTest, BeginsWhereAnEditListSays) {
  const auto whole = videos_.make_numbered("whole.mp4", "4");
  const auto cut = videos_.make("cut.mp4", "-ss 1.5 -i " + whole.string() + " -c copy");
  EXPECT_EQ(read(cut).numbers, (std::vector<int>{45, 75, 105}));
}

class RotationTest : public VideoTest, public testing::WithParamInterface<int> {};

TEST_P(RotationTest, IsApplied) {
  const auto plain =
      videos_.make("plain.mp4", "-f lavfi -i testsrc2=s=160x96:d=1 -c:v libx264 -pix_fmt yuv420p");
  const auto file = videos_.make(
      "turned.mp4", "-i " + plain.string() + " -c copy -metadata:s:v rotate=" + std::to_string(GetParam()));
  const engine::Image shown = first_frame(file);
  EXPECT_EQ(shown.width(), GetParam() % 180 == 0 ? 160 : 96);
  VideoReader reader(file, {}, {});
  EXPECT_EQ(reader.width(), shown.width());
  EXPECT_LT(difference(shown, first_frame_by_ffmpeg(file)), 2);
}
INSTANTIATE_TEST_SUITE_P(QuarterTurns, RotationTest, testing::Values(0, 90, 180, 270));

struct VideoKind {
  const char* name;
  const char* arguments;
};
class KindTest : public VideoTest, public testing::WithParamInterface<VideoKind> {};

TEST_P(KindTest, LooksAsFfmpegShowsIt) {
  const auto file =
      videos_.make(GetParam().name, std::string("-f lavfi -i testsrc2=s=160x96:d=2 ") + GetParam().arguments);
  VideoReader reader(file, {}, {});
  const auto frame = reader.next();
  EXPECT_LT(difference(frame->image, first_frame_by_ffmpeg(file)), 2);
  EXPECT_TRUE(reader.next().has_value());
  EXPECT_FALSE(reader.next().has_value()) << "two seconds are two frames";
}
INSTANTIATE_TEST_SUITE_P(
    Kinds, KindTest,
    testing::Values(
        VideoKind{"odd.mp4", "-vf scale=161:97 -c:v libx264 -pix_fmt yuv444p"},
        VideoKind{"tagged.mp4", "-vf scale=160:96:out_color_matrix=bt709 -colorspace bt709 -c:v libx264"},
        VideoKind{"full.mp4",
                  "-vf scale=160:96:out_range=full -color_range pc -pix_fmt yuv420p -c:v libx264"},
        VideoKind{"deep.mp4", "-c:v libx264 -pix_fmt yuv420p10le"},
        VideoKind{"fragments.mp4", "-c:v libx264 -movflags frag_keyframe+empty_moov"},
        VideoKind{"part2.avi", "-c:v mpeg4 -q:v 2"}, VideoKind{"mjpeg.avi", "-c:v mjpeg -q:v 2"},
        VideoKind{"lossless.avi", "-vf scale=161:97 -c:v ffv1 -pix_fmt yuv420p"},
        VideoKind{"raw.avi", "-vf scale=161:97 -c:v rawvideo -pix_fmt bgr24"},
        VideoKind{"h264.avi", "-c:v libx264 -pix_fmt yuv420p"}),
    [](const auto& kind) {
      const std::string name = kind.param.name;
      return name.substr(0, name.find('.'));
    });

TEST_F(VideoTest, IgnoresWhatTheHeaderSaysOfItsLength) {
  std::string mp4 = content_of(videos_.make_numbered("a.mp4", "3"));
  for (const auto& [box, position] : {std::pair{"mvhd", 20}, std::pair{"mdhd", 20}, std::pair{"tkhd", 24}}) {
    mp4.replace(mp4.find(box) + static_cast<std::size_t>(position), 4, std::string("\x7f\0\0\0", 4));
  }
  EXPECT_EQ(read(videos_.write("lying.mp4", mp4)).numbers, (std::vector<int>{0, 30, 60}));

  std::string avi = content_of(videos_.make_numbered("a.avi", "3"));
  avi.replace(avi.find("avih") + 24, 4, std::string("\xff\xff\xff\x0f", 4));
  avi.replace(avi.find("strh") + 40, 4, std::string("\xff\xff\xff\x0f", 4));
  EXPECT_EQ(read(videos_.write("lying.avi", avi)).numbers, (std::vector<int>{0, 30, 60}));
}

TEST_F(VideoTest, RefusesWhatIsCutOff) {
  const std::string source = "-f lavfi -i testsrc2=s=320x240:d=3 -pix_fmt yuv420p ";
  for (const auto& [name, arguments] : {std::pair{"index_last.mp4", "-c:v libx264"},
                                        std::pair{"index_first.mp4", "-c:v libx264 -movflags +faststart"},
                                        std::pair{"a.avi", "-c:v mpeg4"}}) {
    const std::string whole = content_of(videos_.make(name, source + arguments));
    const auto cut = videos_.write(std::string("cut_") + name, whole.substr(0, whole.size() * 2 / 3));
    EXPECT_EQ(test::code_of([&] { read(cut); }), "BAD_VIDEO") << name;
  }
}

TEST_F(VideoTest, RefusesDamageAndSaysWhere) {
  std::string bytes = content_of(videos_.make(
      "a.mp4",
      "-f lavfi -i testsrc2=s=320x240:d=4 -c:v libx264 -pix_fmt yuv420p -movflags +faststart -g 30"));
  for (std::size_t i = bytes.size() * 3 / 4; i < bytes.size(); i += 37) bytes[i] = static_cast<char>(i);
  std::string sentence;
  const auto file = videos_.write("damaged.mp4", bytes);
  EXPECT_EQ(test::code_of([&] { read(file, kNative); }, &sentence), "BAD_VIDEO");
  EXPECT_NE(sentence.find("after second"), std::string::npos) << sentence;
}

TEST_F(VideoTest, trap_V9_is_judged_by_content) {
  const auto mp4 = videos_.make_numbered("a.mp4", "0.1");
  const auto avi = videos_.make_numbered("a.avi", "0.1");
  EXPECT_EQ(detect_video(mp4), VideoFormat::kMp4);
  EXPECT_EQ(detect_video(avi), VideoFormat::kAvi);
  EXPECT_FALSE(detect_video(test::fixture("kinds/rgb_8.png")));
  EXPECT_FALSE(detect_video(videos_.write("text.mp4", "this is no video at all")));
  EXPECT_FALSE(detect_video(videos_.make_numbered("a.mkv", "0.1")));
  EXPECT_NO_THROW(check_extension("Clip.MP4", VideoFormat::kMp4));
  EXPECT_EQ(test::code_of([] { check_extension("clip.mp4", VideoFormat::kAvi); }), "UNSUPPORTED_FORMAT");
  EXPECT_EQ(test::code_of([] { check_extension("clip", VideoFormat::kMp4); }), "UNSUPPORTED_FORMAT");
}

TEST_F(VideoTest, RefusesWhatHoldsNoPictures) {
  const auto sound = videos_.make("sound.mp4", "-f lavfi -i sine=d=1 -c:a aac");
  EXPECT_EQ(test::code_of([&] { read(sound); }), "BAD_VIDEO");
  EXPECT_EQ(test::code_of([&] { read(videos_.write("a.mp4", "this is no video")); }), "UNSUPPORTED_FORMAT");
  const auto header = videos_.write("h.mp4", std::string("\0\0\0\x10"
                                                         "ftypisom\0\0\0\0",
                                                         16));
  EXPECT_EQ(test::code_of([&] { read(header); }), "BAD_VIDEO");
}

TEST_F(VideoTest, TellsSound) {
  EXPECT_FALSE(VideoReader(videos_.make_numbered("a.mp4", "1"), {}, {}).has_sound());
  const auto sound = videos_.make_numbered("b.mp4", "1", "-f lavfi -i sine=d=1", "-c:a aac");
  EXPECT_TRUE(VideoReader(sound, {}, {}).has_sound());
}

TEST_F(VideoTest, HoldsItsLimits) {
  const auto file = videos_.make_numbered("a.mp4", "3");
  const auto code_with = [&](const VideoLimits& limits, const SamplingRate& rate = {}) {
    return test::code_of([&] {
      VideoReader reader(file, rate, limits);
      while (reader.next()) continue;
    });
  };
  EXPECT_EQ(code_with({.maximum_pixels = 64 * 48}), "");
  EXPECT_EQ(code_with({.maximum_pixels = 64 * 48 - 1}), "VIDEO_TOO_LARGE");
  EXPECT_EQ(code_with({.maximum_seconds = 3}), "");
  EXPECT_EQ(code_with({.maximum_seconds = 2}), "VIDEO_TOO_LONG");
  EXPECT_EQ(code_with({.maximum_frames = 3}), "");
  EXPECT_EQ(code_with({.maximum_frames = 2}), "VIDEO_TOO_LONG");
  EXPECT_EQ(code_with({.maximum_frames = 90}, kNative), "");
  EXPECT_EQ(code_with({.maximum_frames = 89}, kNative), "VIDEO_TOO_LONG");
  EXPECT_EQ(code_with({.maximum_decoded_pixels = 90 * 64 * 48}), "");
  EXPECT_EQ(code_with({.maximum_decoded_pixels = 90 * 64 * 48 - 1}), "VIDEO_TOO_LONG");
}

}  // namespace
}  // namespace inpaint::media
