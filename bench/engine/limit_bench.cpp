// How far the engine is from doing nothing but compare patches, as a line of JSON: comparisons per pixel of
// the hole, the processor time of a comparison in a loop that finds everything in the first-level cache, and
// that of the whole work per pixel of the hole. One thread, medium quality, the whole picture as one region.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "engine/model.h"
#include "engine/search.h"
#include "media/media.h"

namespace {

using namespace inpaint;

double cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// 64 patches of one small picture against each other: 8 KiB.
double ns_per_comparison() {
  constexpr int kWidth = 64;
  constexpr int kRepeats = 2000;
  engine::Picture picture(kWidth, 32);
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < kWidth; ++x) picture.at(x, y).red = static_cast<std::uint8_t>(x * y);
  }
  double best = 1e300;
  std::uint64_t sum = 0;
  for (int round = 0; round < 10; ++round) {
    const double start = cpu_ns();
    for (int i = 0; i < kRepeats; ++i) {
      for (int j = 0; j < kWidth; ++j) {
        sum += engine::patch_distance(&picture.at((i + j) % 56, i % 24), &picture.at(j % 56, j % 24), kWidth);
      }
    }
    best = std::min(best, (cpu_ns() - start) / (kRepeats * kWidth));
  }
  return sum == 0 ? 0 : best;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s PICTURE MASK\n", arguments[0]);
    return 2;
  }
  const engine::Image image = media::read_image(arguments[1], {});
  const engine::Mask mask = media::read_mask(arguments[2], {});
  const engine::Parameters parameters;
  const engine::CancelToken cancel;
  engine::Workers workers(1, cancel);
  double best = 1e300;
  std::uint64_t comparisons = 0;
  for (int i = 0; i < 5; ++i) {
    comparisons = 0;
    const double start = cpu_ns();
    engine::fill_by_patches({image, mask, parameters, workers, nullptr, &comparisons});
    best = std::min(best, cpu_ns() - start);
  }
  const auto holes = static_cast<double>(std::ranges::count(mask.pixels, 255));
  std::printf("{\"comparisons_per_pixel\": %.1f, \"ns_per_comparison\": %.2f, \"ns_per_pixel\": %.0f}\n",
              static_cast<double>(comparisons) / holes, ns_per_comparison(), best / holes);
  return 0;
}
