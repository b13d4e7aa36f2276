#include "cli/run_command.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "media/media.h"
#include "unit/temporary_directory.h"

namespace inpaint::cli {
namespace {

// Capturing what is said also keeps it out of the test's own output.
class RunCommandTest : public testing::Test {
 protected:
  RunCommandTest() { std::filesystem::create_directories(images()); }

  std::filesystem::path images() const { return directory_.path() / "images"; }
  std::filesystem::path outputs() const { return directory_.path() / "outputs"; }

  // A white picture with a black dot, and a mask over the dot.
  static void write_picture(const std::filesystem::path& file) {
    engine::Image image(32, 24, 3, 8);
    std::ranges::fill(image.bytes(), std::uint8_t{255});
    std::fill_n(image.bytes().begin() + 3 * (12 * 32 + 16), 3, std::uint8_t{0});
    media::write_png(file, image);
  }
  static void write_mask(const std::filesystem::path& file, int width = 32) {
    engine::Mask mask{width, 24, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * 24)};
    mask.pixels[static_cast<std::size_t>(12 * width + 16)] = 255;
    media::write_mask(file, mask);
  }
  static bool is_white(const std::filesystem::path& file) {
    const engine::Image image = media::read_image(file, {});
    return std::ranges::all_of(image.bytes(), [](std::uint8_t sample) { return sample > 250; });
  }

  // The exit status; what was written to stderr is in said_.
  int run_quietly(const RunOptions& options) {
    testing::internal::CaptureStderr();
    const int status = run(options);
    said_ = testing::internal::GetCapturedStderr();
    return status;
  }
  static RunOptions single(const std::filesystem::path& image, const std::filesystem::path& mask,
                           const std::filesystem::path& output) {
    RunOptions options;
    options.image = image;
    options.mask = mask;
    options.output = output;
    return options;
  }
  RunOptions single(const std::string& output) const {
    return single(images() / "a.png", images() / "a_mask.png", directory_.path() / output);
  }
  static RunOptions folder(const std::filesystem::path& pictures, const std::filesystem::path& outputs) {
    RunOptions options;
    options.images = pictures;
    options.masks = pictures;
    options.outputs = outputs;
    return options;
  }
  RunOptions folder() const { return folder(images(), outputs()); }

  test::TemporaryDirectory directory_;
  std::string said_;
};

TEST_F(RunCommandTest, RepairsAPictureIntoTheKindThatTheNameSays) {
  write_picture(images() / "a.png");
  write_mask(images() / "a_mask.png");
  for (const char* name : {"b.png", "b.PNG", "b.jpg", "b.JPEG"}) {
    const RunOptions options = single(name);
    EXPECT_EQ(run_quietly(options), 0) << said_;
    EXPECT_TRUE(is_white(options.output)) << name;
    EXPECT_NO_THROW(media::check_extension(name, media::detect_format(options.output))) << name;
  }
  EXPECT_NE(said_.find("b.JPEG"), std::string::npos);
}

TEST_F(RunCommandTest, SaysWhyAPictureFailsAndLeavesNothing) {
  write_picture(images() / "a.png");
  write_mask(images() / "a_mask.png", 31);
  EXPECT_EQ(run_quietly(single("b.png")), 1);
  EXPECT_NE(said_.find("31 x 24"), std::string::npos) << said_;
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "b.png"));
  write_mask(images() / "a_mask.png");
  std::filesystem::create_directories(directory_.path() / "taken.png");
  EXPECT_EQ(run_quietly(single("taken.png")), 1);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "taken.png.part"));
}

TEST_F(RunCommandTest, RepairsADirectoryAndGoesOnAfterAFailure) {
  write_picture(images() / "a.png");
  write_mask(images() / "a_mask.png");
  write_picture(images() / "b.png");
  write_mask(images() / "mask_b.png");
  EXPECT_EQ(run_quietly(folder()), 0) << said_;
  EXPECT_TRUE(is_white(outputs() / "a.png"));
  EXPECT_TRUE(is_white(outputs() / "b.png"));
  EXPECT_FALSE(std::filesystem::exists(outputs() / "mask_b.png")) << "a mask is no picture";

  write_picture(images() / "aa.png");
  EXPECT_EQ(run_quietly(folder()), 1);
  EXPECT_NE(said_.find("there is no mask of that name"), std::string::npos) << said_;
  EXPECT_NE(said_.find("[3/3] b.png"), std::string::npos) << said_;
}

TEST_F(RunCommandTest, RefusesOptionsThatContradictEachOther) {
  EXPECT_THROW(run({}), Error);
  EXPECT_THROW(run(single("a.png", "b.png", "")), Error);
  EXPECT_THROW(run(single("a.png", "b.png", "c.gif")), Error);
  EXPECT_THROW(run(folder("nowhere", outputs())), Error);
  RunOptions both = folder();
  both.image = "a.png";
  EXPECT_THROW(run(both), Error);
  EXPECT_THROW(run(folder()), Error) << "without a picture";
}

}  // namespace
}  // namespace inpaint::cli
