// A file that somebody calls a ZIP archive: what is listed and extracted keeps the limits, and every file of
// it is in one pair or one line of what is skipped.
#include <sys/mman.h>
#include <unistd.h>

#include <set>
#include <string>

#include "base/error.h"
#include "base/utf8.h"
#include "datasets/archive_pairs.h"
#include "input.h"
#include "media/archive.h"

namespace inpaint::datasets {
namespace {

using fuzz::require;

constexpr media::ArchiveLimits kLimits{.maximum_entries = 50,
                                       .maximum_directory_bytes = 1 << 20,
                                       .maximum_entry_bytes = 1 << 20,
                                       .maximum_total_bytes = 4 << 20};

// A file in memory only.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("archive", MFD_CLOEXEC)) {
    require(descriptor_ >= 0, "there is memory for a file");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void write(const std::uint8_t* bytes, std::size_t size) const {
    require(::write(descriptor_, bytes, size) == static_cast<ssize_t>(size), "the input is written");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void check_entry(const media::ArchiveEntry& entry, std::int64_t position) {
  require(entry.position == position, "entries are counted");
  require(is_utf8(entry.path), "paths are UTF-8");
  require(static_cast<std::int64_t>(entry.path.size()) <= kLimits.maximum_path_bytes, "paths are bounded");
  if (!entry.problem.empty()) return;
  require(!entry.path.starts_with('/') && ("/" + entry.path + "/").find("/../") == std::string::npos,
          "paths stay inside");
}

// Lists and extracts all; ends early where the archive turns out to be damaged.
std::vector<media::ArchiveEntry> read(const MemoryFile& file, std::size_t size) {
  std::vector<media::ArchiveEntry> entries;
  const MemoryFile target;
  try {
    media::ArchiveReader reader(file.path(), kLimits);
    media::ExpansionBudget budget(static_cast<std::int64_t>(size), kLimits);
    while (auto entry = reader.next()) {
      check_entry(*entry, static_cast<std::int64_t>(entries.size()));
      const bool readable = entry->problem.empty() && !entry->is_folder;
      entries.push_back(*std::move(entry));
      try {
        if (readable) reader.extract(target.path(), budget);
      } catch (const Error& error) {
        if (error.code() != "BAD_ENTRY") throw;
      }
    }
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::kInvalid || error.kind() == ErrorKind::kTooLarge,
            "a bad archive is the client's error");
  }
  return entries;
}

void check_plan(const std::vector<media::ArchiveEntry>& entries) {
  const ArchivePlan plan = plan_pairs(entries);
  std::set<std::int64_t> used;
  for (const ArchivePair& pair : plan.pairs) {
    require(used.insert(pair.image_position).second && used.insert(pair.mask_position).second,
            "a file is in one pair");
    require(folder_of(pair.image_path) == folder_of(pair.mask_path), "a pair is of one folder");
  }
  std::size_t files = 0;
  for (const media::ArchiveEntry& entry : entries) files += entry.problem.empty() && entry.is_folder ? 0 : 1;
  require(used.size() + plan.skipped.size() == files, "every file is paired or skipped");
}

}  // namespace
}  // namespace inpaint::datasets

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace inpaint::datasets;
  const MemoryFile file;
  file.write(bytes, size);
  check_plan(read(file, size));
  return 0;
}
