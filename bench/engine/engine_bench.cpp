// Fills one hole once or several times and says what that cost, as a line of JSON: processor and wall time of
// the fastest run in milliseconds, and the memory in bytes that filling took beyond the decoded picture.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "engine/engine.h"
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
  double before = 0;
  double best_cpu = 1e300;
  double best_wall = 1e300;
  engine::Image result;
  for (int i = 0; i < std::atoi(arguments[4]); ++i) {
    engine::Image copy = image;
    before = memory("VmRSS");
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    const double cpu = cpu_ms();
    const auto wall = std::chrono::steady_clock::now();
    result = engine::inpaint(arguments[1], std::move(copy), mask, parameters, nullptr, engine::CancelToken());
    best_cpu = std::min(best_cpu, cpu_ms() - cpu);
    best_wall =
        std::min(best_wall,
                 std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - wall).count());
  }
  std::printf("{\"cpu_ms\": %.2f, \"wall_ms\": %.2f, \"memory_bytes\": %.0f}\n", best_cpu, best_wall,
              memory("VmHWM") - before);
  if (std::strcmp(arguments[7], "-") != 0) media::write_png(arguments[7], result);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return run(count, arguments);
}
