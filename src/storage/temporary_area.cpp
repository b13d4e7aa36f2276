#include "storage/temporary_area.h"

#include <fcntl.h>
#include <sys/file.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/uuid.h"

namespace inpaint::storage {
namespace {

namespace fs = std::filesystem;

// A file system stamps files with a coarse clock that may lag behind ours by a tick.
constexpr std::chrono::milliseconds kClockTick{-20};

Error unusable(const fs::path& directory) {
  return {ErrorKind::kUnavailable, "TEMPORARY_DIRECTORY_UNAVAILABLE",
          "The directory for temporary files " + directory.string() + " can't be used."};
}

// Open if it is a directory.
FileDescriptor open_entry(const fs::path& entry) {
  return {entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW};
}

FileDescriptor open_directory(const fs::path& directory) {
  std::error_code ignored;
  fs::create_directories(directory, ignored);
  FileDescriptor descriptor = open_entry(directory);
  if (!descriptor.is_open()) throw unusable(directory);
  return descriptor;
}

// Held for the scope, so that no area is judged between its making and its locking.
class Lock {
 public:
  explicit Lock(const FileDescriptor& descriptor) : descriptor_(descriptor) {
    if (::flock(descriptor_.get(), LOCK_EX) != 0) throw internal("a lock on a directory was refused");
  }
  ~Lock() { ::flock(descriptor_.get(), LOCK_UN); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  const FileDescriptor& descriptor_;
};

// Whether another process holds it; else it is ours while the descriptor lives.
bool is_in_use(const FileDescriptor& area) {
  return area.is_open() && ::flock(area.get(), LOCK_EX | LOCK_NB) != 0;
}

// Removes every area that no process holds; returns whether none is left.
bool remove_free_areas(const fs::path& parent, const FileDescriptor& parent_lock) {
  const Lock lock(parent_lock);
  bool none_left = true;
  std::error_code ignored;
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) entries.push_back(entry.path());
  for (const fs::path& entry : entries) {
    const FileDescriptor descriptor = open_entry(entry);
    if (is_in_use(descriptor)) {
      none_left = false;
    } else {
      fs::remove_all(entry, ignored);
    }
  }
  return none_left;
}

FileDescriptor make_area(const fs::path& area, const FileDescriptor& parent_lock) {
  const Lock lock(parent_lock);
  FileDescriptor descriptor = open_directory(area);
  if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) throw unusable(area);
  return descriptor;
}

}  // namespace

bool has_live_area(const fs::path& parent) {
  const FileDescriptor parent_lock = open_entry(parent);
  if (!parent_lock.is_open()) return false;
  const Lock lock(parent_lock);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    if (!Uuid::parse(entry.path().filename().string())) continue;
    if (is_in_use(open_entry(entry.path()))) return true;
  }
  return false;
}

TemporaryArea::TemporaryArea(const fs::path& parent)
    : parent_(fs::absolute(parent)),
      parent_lock_(open_directory(parent_)),
      path_(parent_ / Uuid::make().to_string()),
      made_at_(Timestamp::now() + kClockTick),
      was_alone_(remove_free_areas(parent_, parent_lock_)),
      lock_(make_area(path_, parent_lock_)) {}

TemporaryArea::~TemporaryArea() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TemporaryArea::new_path(std::string_view extension) const {
  return path_ / (Uuid::make().to_string() + std::string(extension));
}

void TemporaryArea::remove_abandoned() {
  remove_free_areas(parent_, parent_lock_);
}

}  // namespace inpaint::storage
