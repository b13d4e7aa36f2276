// The yardstick of bench/zip: the least that a ZIP archive of pairs can cost. Inflates every file to where it
// stays, decodes both of a pair, compares their sizes, and writes the mask in its stored form.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
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
  fs::path archive;
  fs::path directory;  // where the pairs go
  int threads = 1;
  bool is_durable = false;  // waits for the disk as the service does
};

void write_entry(archive* reader, const fs::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), std::fclose);
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  while (archive_read_data_block(reader, &bytes, &size, &offset) == ARCHIVE_OK) {
    std::fwrite(bytes, 1, size, file.get());
  }
}

// Inflates those of the archive's files that are this thread's, pair by pair. Returns the images.
std::vector<fs::path> inflate(const Job& job, int thread) {
  std::vector<fs::path> images;
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_zip_seekable(reader.get());
  archive_read_open_filename(reader.get(), job.archive.c_str(), 64 * 1024);
  archive_entry* entry = nullptr;
  for (int number = 0; archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK; ++number) {
    if (number / 2 % job.threads != thread) continue;
    const fs::path path = job.directory / fs::path(archive_entry_pathname(entry)).filename();
    write_entry(reader.get(), path);
    if (path.filename().string().starts_with("image")) images.push_back(path);
  }
  return images;
}

void store_pair(const Job& job, const fs::path& image) {
  const media::Limits limits;
  const fs::path mask = job.directory / ("mask" + image.filename().string().substr(5));
  const inpaint::engine::Mask holes = media::read_mask(mask, limits);
  media::check_same_size(media::read_image(image, limits), holes);
  media::write_mask(mask, holes);
  if (!job.is_durable) return;
  storage::sync_file(image);
  storage::sync_file(mask);
  storage::sync_directory(job.directory);
}

}  // namespace

// bench_zip_loop ARCHIVE DIRECTORY THREADS durable|buffered: prints the seconds it took. The archive holds
// image_N.png and mask_N.png, the two of a pair one after the other.
int main(int argument_count, char** arguments) {
  if (argument_count != 5) return 2;
  const Job job{arguments[1], arguments[2], std::max(1, std::atoi(arguments[3])),
                std::string(arguments[4]) == "durable"};
  const auto started = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < job.threads; ++i) {
      threads.emplace_back([&job, i] {
        for (const fs::path& image : inflate(job, i)) store_pair(job, image);
      });
    }
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  std::printf("%.4f\n", seconds.count());
}
