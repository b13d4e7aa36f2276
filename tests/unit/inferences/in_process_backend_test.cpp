#include "inferences/in_process_backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/error.h"
#include "unit/media/peak_memory.h"
#include "unit/temporary_directory.h"

namespace inpaint::inferences {
namespace {

// A grey picture with a black square in its middle, which the mask marks.
class InProcessBackendTest : public testing::Test {
 protected:
  static constexpr int kSize = 32;

  void SetUp() override { write_pair(kSize, 12, 20); }

  // The square goes from `begin` to before `end`.
  void write_pair(int size, int begin, int end) {
    engine::Image image(size, size, 3, 8);
    std::ranges::fill(image.bytes(), std::uint8_t{128});
    engine::Mask mask{size, size, std::vector<std::uint8_t>(static_cast<std::size_t>(size * size))};
    for (int y = begin; y < end; ++y) {
      for (int x = begin; x < end; ++x) {
        const auto pixel = static_cast<std::size_t>(y * size + x);
        mask.pixels[pixel] = 255;
        std::fill_n(image.bytes().begin() + static_cast<std::ptrdiff_t>(pixel * 3), 3, std::uint8_t{0});
      }
    }
    media::write_png(task_.image, image);
    media::write_mask(task_.mask, mask);
  }

  void process() {
    backend_.process(
        task_, [](double) {}, engine::CancelToken());
  }

  test::TemporaryDirectory directory_;
  media::MemoryBudget memory_{std::int64_t{1} << 30};
  InProcessBackend backend_{media::Limits{}, memory_, std::chrono::minutes(30)};
  Task task_{directory_.path() / "image.png",
             directory_.path() / "mask.png",
             "telea",
             {},
             directory_.path() / "output",
             ""};
};

TEST_F(InProcessBackendTest, FillsTheHole) {
  process();
  EXPECT_EQ(media::detect_format(task_.output), media::ImageFormat::kPng);
  const engine::Image result = media::read_image(task_.output, media::Limits{});
  EXPECT_GT(*std::ranges::min_element(result.bytes()), 100);
}

TEST_F(InProcessBackendTest, WritesTheFormatAskedFor) {
  task_.parameters.output_format = OutputFormat::kJpeg;
  process();
  EXPECT_EQ(media::detect_format(task_.output), media::ImageFormat::kJpeg);
}

TEST_F(InProcessBackendTest, RefusesAMaskOfAnotherSize) {
  media::write_mask(task_.mask, engine::Mask{2, 2, std::vector<std::uint8_t>(4)});
  try {
    process();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "MASK_SIZE_MISMATCH");
  }
}

TEST_F(InProcessBackendTest, StopsWhenCancelled) {
  engine::CancelToken cancel;
  cancel.cancel();
  try {
    backend_.process(
        task_, [](double) {}, cancel);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "CANCELLED");
  }
}

TEST_F(InProcessBackendTest, trap_F3_pictures_wait_until_there_is_memory_for_them) {
  engine::CancelToken cancel;
  std::atomic<bool> ended = false;
  std::jthread work;
  {
    const auto all = memory_.take(std::int64_t{1} << 30);
    work = std::jthread([&] {
      backend_.process(
          task_, [](double) {}, cancel);
      ended = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_FALSE(ended);
  }
  work.join();
  EXPECT_TRUE(std::filesystem::exists(task_.output));
}

TEST_F(InProcessBackendTest, WaitingForMemoryEndsWhenCancelled) {
  const auto all = memory_.take(std::int64_t{1} << 30);
  engine::CancelToken cancel;
  cancel.cancel();
  EXPECT_EQ(media::test::code_of([&] {
              backend_.process(
                  task_, [](double) {}, cancel);
            }),
            "CANCELLED");
}

TEST_F(InProcessBackendTest, APictureThatTakesTooLongIsRefusedAsItsOwnFault) {
  const InProcessBackend hasty(media::Limits{}, memory_, std::chrono::milliseconds(0));
  engine::CancelToken cancel;
  const auto code = [&] {
    return media::test::code_of([&] {
      hasty.process(
          task_, [](double) {}, cancel);
    });
  };
  EXPECT_EQ(code(), "TOOK_TOO_LONG");
  cancel.cancel();
  EXPECT_EQ(code(), "CANCELLED");
}

// What is asked for is what is taken: neither less, nor so much that half of the memory lies idle.
TEST_F(InProcessBackendTest, trap_F3_no_model_takes_more_memory_than_it_asks_for) {
  constexpr int kLarge = 2000;
  write_pair(kLarge, 500, 1500);
  const engine::Mask mask = media::read_mask(task_.mask, media::Limits{});
  const std::int64_t asked = engine::memory_needed(mask, 3);
  EXPECT_LT(asked, std::int64_t{40} * kLarge * kLarge);
  for (const engine::Model& model : engine::models()) {
    task_.model_id = model.id;
    task_.parameters.engine.quality = engine::Quality::kLow;
    const std::int64_t taken = media::test::peak_memory([&] { process(); });
    EXPECT_GT(taken, 0) << model.id;
    EXPECT_LT(taken, asked * media::test::kShadow + 4 * media::test::kMegabyte) << model.id;
  }
}

}  // namespace
}  // namespace inpaint::inferences
