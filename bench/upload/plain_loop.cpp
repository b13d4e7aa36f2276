// The yardstick of bench/upload: the least that an upload of a picture and its mask can cost. Decodes both,
// compares their sizes, and writes the picture's bytes and the mask in its stored form, over and over.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "media/media.h"
#include "storage/durable_files.h"

namespace {

namespace fs = std::filesystem;
namespace media = inpaint::media;
namespace storage = inpaint::storage;

struct Job {
  fs::path image;
  fs::path mask;
  fs::path directory;  // where the pairs go
  int count = 0;
  bool is_durable = false;  // waits for the disk as the service does
};

void store_pair(const Job& job, int number) {
  const media::Limits limits;
  const inpaint::engine::Mask holes = media::read_mask(job.mask, limits);
  media::check_same_size(media::read_image(job.image, limits), holes);
  const fs::path image = job.directory / (std::to_string(number) + job.image.extension().string());
  const fs::path mask = job.directory / (std::to_string(number) + "_mask.png");
  fs::copy_file(job.image, image);
  media::write_mask(mask, holes);
  if (!job.is_durable) return;
  storage::sync_file(image);
  storage::sync_file(mask);
  storage::sync_directory(job.directory);
}

}  // namespace

// bench_plain_loop IMAGE MASK DIRECTORY COUNT THREADS durable|buffered: prints the seconds it took.
int main(int argument_count, char** arguments) {
  if (argument_count != 7) return 2;
  const Job job{arguments[1], arguments[2], arguments[3], std::atoi(arguments[4]),
                std::string(arguments[6]) == "durable"};
  const auto started = std::chrono::steady_clock::now();
  std::atomic<int> next = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < std::atoi(arguments[5]); ++i) {
      threads.emplace_back([&] {
        for (int number = next++; number < job.count; number = next++) store_pair(job, number);
      });
    }
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  std::printf("%.4f\n", seconds.count());
}
