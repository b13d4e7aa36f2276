#include "media/video_writer.h"

#include <vector>

#include "media/video.h"
#include "unit/media/fixtures.h"
#include "unit/videos.h"

namespace inpaint::media {
namespace {

using inpaint::test::content_of;
using inpaint::test::output_of;
using inpaint::test::probe;
using inpaint::test::Videos;

class VideoWriterTest : public testing::Test {
 protected:
  // Reads a video and writes what was read.
  std::filesystem::path rewrite(const std::filesystem::path& source, const SamplingRate& rate) {
    std::vector<VideoReader::Frame> frames;
    VideoReader reader(source, rate, {});
    while (auto frame = reader.next()) frames.push_back(*std::move(frame));
    const Fraction unit = reader.time_base();
    const VideoShape shape{
        reader.width(),
        reader.height(),
        unit,
        {static_cast<std::int64_t>(frames.size()) * unit.denominator, reader.end_time() * unit.numerator}};
    const bool keeps_sound = !rate.frames_per_second && reader.has_sound();
    const auto output = videos_.path("output.mp4");
    VideoWriter writer(output, shape, keeps_sound ? std::optional(source) : std::nullopt);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const std::int64_t end = i + 1 < frames.size() ? frames[i + 1].time : reader.end_time();
      writer.add(frames[i].image, frames[i].time, end - frames[i].time);
    }
    writer.finish();
    return output;
  }
  std::string picture(const std::filesystem::path& file, const std::string& entries) {
    return probe(file, "-select_streams v", "stream=" + entries);
  }
  std::string sound(const std::filesystem::path& file, const std::string& entries) {
    return probe(file, "-select_streams a", "stream=" + entries);
  }

  Videos videos_;
};

TEST_F(VideoWriterTest, trap_V1_writes_what_browsers_play) {
  const auto output = rewrite(videos_.make("a.avi", "-f lavfi -i testsrc2=s=160x96:d=5 -c:v mpeg4"), {});
  EXPECT_EQ(picture(output, "codec_name"), "h264");
  EXPECT_EQ(picture(output, "pix_fmt"), "yuv420p");
  EXPECT_EQ(picture(output, "width,height"), "160,96");
  EXPECT_EQ(picture(output, "r_frame_rate,avg_frame_rate"), "1/1,1/1");
  EXPECT_EQ(picture(output, "nb_frames"), "5");
  EXPECT_EQ(picture(output, "start_time,duration"), "0.000000,5.000000");
  const std::string bytes = content_of(output);
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat")) << "the index stands in front";
}

TEST_F(VideoWriterTest, RepeatsTheLastColumnAndRowOfAnOddSize) {
  const auto source = videos_.make(
      "a.mp4", "-f lavfi -i testsrc2=s=160x96:d=1 -vf scale=161:97 -c:v libx264 -pix_fmt yuv444p");
  const auto output = rewrite(source, {});
  EXPECT_EQ(picture(output, "width,height"), "162,98");
  const engine::Image image = VideoReader(output, {}, {}).next()->image;
  const auto pixel = [&](int x, int y) {
    return static_cast<int>(image.bytes()[static_cast<std::size_t>(y * image.width() + x) * 3 + 1]);
  };
  for (int y = 0; y < 96; y += 8) EXPECT_NEAR(pixel(161, y), pixel(160, y), 24) << y;
}

TEST_F(VideoWriterTest, KeepsVariableTimesAndTheLength) {
  const auto source = videos_.make_numbered("a.mp4", "1", "", "-vf \"setpts=N*N/30/TB\" -vsync vfr");
  const auto output = rewrite(source, {std::nullopt});
  const std::string times = "-select_streams v";
  EXPECT_EQ(probe(output, times, "frame=pts_time"), probe(source, times, "frame=pts_time"));
  EXPECT_NEAR(std::stod(picture(output, "duration")), 29 * 29 / 30.0, 0.1);
}

TEST_F(VideoWriterTest, ShowsTheSamePictures) {
  const auto source =
      videos_.make("a.mp4", "-f lavfi -i testsrc2=s=160x96:d=2 -c:v libx264 -pix_fmt yuv420p");
  const auto output = rewrite(source, {std::nullopt});
  const std::string psnr = output_of("ffmpeg -nostdin -i " + output.string() + " -i " + source.string() +
                                     " -lavfi psnr -f null - 2>&1 | grep -o 'average:[0-9.inf]*'");
  EXPECT_GT(std::stod(psnr.substr(8)), 33) << psnr;
}

TEST_F(VideoWriterTest, CopiesSoundThatBrowsersPlay) {
  const auto source = videos_.make_numbered("a.mp4", "3", "-f lavfi -i sine=d=5", "-c:a aac -b:a 96k");
  const auto output = rewrite(source, {std::nullopt});
  EXPECT_EQ(sound(output, "codec_name"), "aac");
  EXPECT_NEAR(std::stod(sound(output, "duration")), 3, 0.1) << "the sound ends with the pictures";
  const std::string packets = "-select_streams a -read_intervals %+1";
  EXPECT_EQ(probe(output, packets, "packet=size"), probe(source, packets, "packet=size")) << "bit for bit";
}

TEST_F(VideoWriterTest, EncodesOtherSoundAsAac) {
  const auto source =
      videos_.make_numbered("a.avi", "3", "-f lavfi -i sine=frequency=1000:d=3", "-c:a pcm_s16le -ar 44100");
  const auto output = rewrite(source, {std::nullopt});
  EXPECT_EQ(sound(output, "codec_name,sample_rate"), "aac,44100");
  EXPECT_NEAR(std::stod(sound(output, "duration")), 3, 0.1);
  // The tone is there, as loud as it was.
  const std::string volume =
      "ffmpeg -nostdin -i %s -map a -af volumedetect -f null - 2>&1 | "
      "sed -n 's/.*mean_volume: \\(.*\\) dB/\\1/p'";
  const auto loudness = [&](const std::filesystem::path& file) {
    return std::stod(output_of(std::string(volume).replace(volume.find("%s"), 2, file.string())));
  };
  EXPECT_NEAR(loudness(output), loudness(source), 1);
}

TEST_F(VideoWriterTest, LeavesSoundOutWhenFramesAreSampled) {
  const auto source = videos_.make_numbered("a.mp4", "2", "-f lavfi -i sine=d=2", "-c:a aac");
  EXPECT_EQ(sound(rewrite(source, {}), "codec_name"), "");
}

TEST_F(VideoWriterTest, KeepsSoundAndPicturesTogetherAfterACut) {
  const auto whole = videos_.make_numbered("whole.mp4", "6", "-f lavfi -i sine=d=6", "-c:a aac -g 30");
  const auto cut = videos_.make("cut.mp4", "-ss 2.5 -i " + whole.string() + " -c copy");
  const auto output = rewrite(cut, {std::nullopt});
  EXPECT_NEAR(std::stod(sound(output, "start_time")), 0, 0.05);
  EXPECT_NEAR(std::stod(sound(output, "duration")), std::stod(picture(output, "duration")), 0.15);
}

}  // namespace
}  // namespace inpaint::media
