#pragma once

#include <filesystem>
#include <utility>

namespace inpaint::storage {

// An open file or directory, closed at the end of the scope.
class FileDescriptor {
 public:
  // As open(2) with O_CLOEXEC; is_open() is false and errno says why when it fails.
  FileDescriptor(const std::filesystem::path& path, int flags, unsigned mode = 0);
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  bool is_open() const { return value_ >= 0; }
  int get() const { return value_; }

 private:
  int value_;
};

// Waits until the file's bytes are on the disk, and marks it as written now.
void sync_file(const std::filesystem::path& file);

// Waits until the directory's names are on the disk.
void sync_directory(const std::filesystem::path& directory);

}  // namespace inpaint::storage
