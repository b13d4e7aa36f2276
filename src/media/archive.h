#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "media/media.h"

namespace inpaint::media {

// What a ZIP archive of a stranger may ask for.
struct ArchiveLimits {
  std::int64_t maximum_entries = 100'000;             // files and folders
  std::int64_t maximum_directory_bytes = 32LL << 20;  // of the list of entries at the archive's end
  std::int64_t maximum_entry_bytes = 2LL << 30;       // of one file, expanded
  std::int64_t maximum_total_bytes = 4LL << 30;       // of all files that are extracted, expanded
  // How many times what is read for it a file may expand to, and all files together what the archive has.
  // Reading goes by blocks of 64 KiB, so small files may expand by more.
  std::int64_t maximum_ratio = 200;
  std::int64_t maximum_path_bytes = 1024;
};

// One entry as the archive lists it.
struct ArchiveEntry {
  std::string path;  // UTF-8, steps separated by '/', relative; as it stands there, when that is the problem
  bool is_folder = false;
  std::int64_t position = 0;  // among the entries, in the order in which they are read
  std::string problem;        // why it can't be extracted, a sentence; empty when it can
};

// How much the files of one archive may still expand to. Thread-safe.
class ExpansionBudget {
 public:
  ExpansionBudget(std::int64_t archive_bytes, const ArchiveLimits& limits);
  // Throws kTooLarge ARCHIVE_TOO_LARGE.
  void take(std::int64_t bytes);

 private:
  std::int64_t allowed_bytes_;
  std::atomic<std::int64_t> taken_bytes_ = 0;
};

// Whether the file begins as a ZIP archive does.
bool is_archive(const std::filesystem::path& file);

// Reads a ZIP archive entry by entry, in the order of the file; memory does not grow with what the entries
// hold. Stored and deflated entries, ZIP64 too; whatever else an archive can hold is a problem of its entry.
// Not thread-safe, but any number of readers may read at a time, of one file too. libarchive does the
// parsing; the caps are ours, since it has none for `..`, links and plain bombs.
class ArchiveReader {
 public:
  // Throws kInvalid BAD_ARCHIVE (damaged, cut off), kTooLarge ARCHIVE_TOO_LARGE.
  ArchiveReader(const std::filesystem::path& file, const ArchiveLimits& limits);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // Nothing after the last one. Throws as the constructor does.
  std::optional<ArchiveEntry> next();

  // Writes the content of the entry that next() returned to a new file. Throws kInvalid BAD_ENTRY (damaged,
  // expands beyond what one entry may), which leaves the other entries readable; kTooLarge ARCHIVE_TOO_LARGE;
  // kUnavailable STORAGE_FULL or STORAGE_UNAVAILABLE. After an error the file may be there in part.
  void extract(const std::filesystem::path& file, ExpansionBudget& budget);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace inpaint::media
