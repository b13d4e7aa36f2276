// Fills one hole once or several times and says what that cost, as a line of JSON: processor and wall time of
// the fastest run in milliseconds, the memory in bytes that filling took beyond the decoded picture, and the
// pixels of the largest region.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/photo.hpp>
#include <string>

#include "engine/engine.h"
#include "engine/regions.h"
#include "media/media.h"

namespace {

using namespace inpaint;

double cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto milliseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
}

// A field of /proc/self/status, in bytes.
double memory(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::strtod(line.c_str() + field.size() + 1, nullptr) * 1024;
  }
  return 0;
}

engine::Quality quality_of(const std::string& name) {
  if (name == "low") return engine::Quality::kLow;
  return name == "high" ? engine::Quality::kHigh : engine::Quality::kMedium;
}

// The yardstick: OpenCV's own function on the whole picture, which has to be 8-bit RGB.
engine::Image fill_by_opencv(engine::Image image, const engine::Mask& mask) {
  constexpr double kRadius = 5;
  cv::Mat picture(image.height(), image.width(), CV_8UC3, image.bytes().data());
  const cv::Mat hole(mask.height, mask.width, CV_8U, const_cast<std::uint8_t*>(mask.pixels.data()));
  cv::Mat filled;
  cv::inpaint(picture, hole, filled, kRadius, cv::INPAINT_NS);
  filled.copyTo(picture);
  return image;
}

engine::Image fill(const std::string& model, engine::Image image, const engine::Mask& mask,
                   const engine::Parameters& parameters) {
  if (model == "cv::inpaint") return fill_by_opencv(std::move(image), mask);
  return engine::inpaint(model, std::move(image), mask, parameters, nullptr, engine::CancelToken());
}

int largest_region(const engine::Mask& mask) {
  int largest = 0;
  const engine::Regions regions(mask);
  for (const engine::Region& region : regions.list()) {
    largest = std::max(largest, region.box.width * region.box.height);
  }
  return largest;
}

int run(int count, char** arguments) {
  if (count != 8) {
    std::fprintf(stderr, "usage: %s MODEL QUALITY THREADS REPEAT PICTURE MASK RESULT\n", arguments[0]);
    return 2;
  }
  const media::Limits limits{.maximum_pixels = 1'000'000'000};
  const engine::Image image = media::read_image(arguments[5], limits);
  const engine::Mask mask = media::read_mask(arguments[6], limits);
  const engine::Parameters parameters{.quality = quality_of(arguments[2]),
                                      .threads = std::atoi(arguments[3])};
  double best_cpu = 1e300;
  double best_wall = 1e300;
  double most_memory = 0;  // the first run's: later ones are given again what it freed
  engine::Image result;
  for (int i = 0; i < std::atoi(arguments[4]); ++i) {
    engine::Image copy = image;
    result = {};
    const double before = memory("VmRSS");
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    const double cpu = cpu_ms();
    const auto wall = std::chrono::steady_clock::now();
    result = fill(arguments[1], std::move(copy), mask, parameters);
    best_cpu = std::min(best_cpu, cpu_ms() - cpu);
    best_wall =
        std::min(best_wall,
                 std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - wall).count());
    most_memory = std::max(most_memory, memory("VmHWM") - before);
  }
  std::printf("{\"cpu_ms\": %.2f, \"wall_ms\": %.2f, \"memory_bytes\": %.0f, \"region_pixels\": %d}\n",
              best_cpu, best_wall, most_memory, largest_region(mask));
  if (std::strcmp(arguments[7], "-") != 0) media::write_png(arguments[7], result);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return run(count, arguments);
}
