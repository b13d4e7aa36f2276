#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>

#include "media/media.h"
#include "unit/media/fixtures.h"

namespace inpaint::media {
namespace {

using test::code_of;
using test::fixture;

constexpr std::int64_t kMegabyte = 1 << 20;

// By how much `call` raises the peak memory of a process, in bytes: tried in a child, so that what other
// tests used does not count. A call that throws counts like any other.
template <typename Call>
std::int64_t peak_memory(const Call& call) {
  const auto peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;
  };
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    const std::int64_t before = peak();
    code_of(call);
    const std::int64_t grown = peak() - before;
    const bool told = write(ends[1], &grown, sizeof grown) == sizeof grown;
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  std::int64_t grown = -1;
  if (read(ends[0], &grown, sizeof grown) != sizeof grown) grown = -1;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return grown;
}

constexpr int kShadow = INPAINT_SANITIZED ? 3 : 1;  // the sanitizer's own share of memory

void expect_peak_below(std::int64_t megabytes, const std::function<void()>& call) {
  const std::int64_t grown = peak_memory(call);
  EXPECT_GE(grown, 0);
  EXPECT_LT(grown, megabytes * kMegabyte * kShadow);
}

TEST(BombTest, trap_F3_fifty_thousand_squared_is_refused_by_its_header) {
  const auto bomb = fixture("bombs/50000x50000.png");
  EXPECT_EQ(code_of([&] { read_header(bomb, Limits()); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_image(bomb, Limits()); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_mask(bomb, Limits()); }), "IMAGE_TOO_LARGE");
  expect_peak_below(4, [&] { read_image(bomb, Limits()); });
}

TEST(BombTest, trap_F3_a_file_too_small_for_its_header_is_refused_before_memory_is_taken) {
  const Limits generous{.maximum_pixels = 10'000'000'000};
  for (const std::string name : {"bombs/50000x50000.png", "bombs/9000x9000.jpg"}) {
    EXPECT_EQ(code_of([&] { read_image(fixture(name), generous); }), "BAD_IMAGE") << name;
    EXPECT_EQ(code_of([&] { read_mask(fixture(name), generous); }), "BAD_IMAGE") << name;
    expect_peak_below(4, [&] { read_image(fixture(name), generous); });
  }
}

// 61 KiB that are a true picture of 64 million grey pixels: its size in memory and little more.
TEST(BombTest, trap_F3_eight_thousand_squared_costs_its_pixels_only) {
  const auto bomb = fixture("bombs/8000x8000.png");
  ASSERT_LT(std::filesystem::file_size(bomb), 64u * 1024u);
  const auto start = std::chrono::steady_clock::now();
  const engine::Image image = read_image(bomb, Limits());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5 * kShadow));
  EXPECT_EQ(image.width(), 8000);
  EXPECT_EQ(image.channels(), 1);
  expect_peak_below(72, [&] { read_image(bomb, Limits()); });
  // The decoded picture and the mask made of it.
  expect_peak_below(136, [&] { read_mask(bomb, Limits()); });
}

TEST(BombTest, TheLimitsAreOfPixelsAndOfSides) {
  const auto picture = fixture("turned/1.png");  // 48x32
  EXPECT_EQ(code_of([&] { read_image(picture, {.maximum_pixels = 1536, .maximum_side = 48}); }), "");
  EXPECT_EQ(code_of([&] { read_image(picture, {.maximum_pixels = 1535}); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_image(picture, {.maximum_side = 47}); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_header(picture, {.maximum_side = 47}); }), "IMAGE_TOO_LARGE");
  EXPECT_EQ(code_of([&] { read_image(fixture("turned/1.jpg"), {.maximum_pixels = 1535}); }),
            "IMAGE_TOO_LARGE");
}

}  // namespace
}  // namespace inpaint::media
