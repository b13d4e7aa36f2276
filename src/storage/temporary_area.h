#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "storage/durable_files.h"

namespace inpaint::storage {

// A directory for the temporary files of one process, <parent>/<uuid>, locked (flock) while the process
// lives. The lock ends with the process however it ends, so that whoever comes next can tell what a dead
// process left from what a live one still uses, and removes it.
class TemporaryArea {
 public:
  // Removes what dead processes left and makes an area of its own. Throws kUnavailable.
  explicit TemporaryArea(const std::filesystem::path& parent);
  ~TemporaryArea();
  TemporaryArea(const TemporaryArea&) = delete;
  TemporaryArea& operator=(const TemporaryArea&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // A path in the area that nobody else is given; the file is not made.
  std::filesystem::path new_path(std::string_view extension = "") const;

  void remove_abandoned();

  // When the area was made, and whether no other process had one then. If so, every file of the data
  // directory that is older was written by a process that is dead.
  Timestamp made_at() const { return made_at_; }
  bool was_alone() const { return was_alone_; }

 private:
  std::filesystem::path parent_;
  FileDescriptor parent_lock_;  // held only while areas are made and removed
  std::filesystem::path path_;
  Timestamp made_at_;
  bool was_alone_;
  FileDescriptor lock_;
};

// Whether a process has an area there. Touches nothing, for the directory need not be one of temporary files.
bool has_live_area(const std::filesystem::path& parent);

// A file that is removed at the end of the scope, if it is still there then.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace inpaint::storage
