#include "storage/durable_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace inpaint::storage {
namespace {

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

FileDescriptor::FileDescriptor(const std::filesystem::path& path, int flags, unsigned mode)
    : value_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}

FileDescriptor::~FileDescriptor() {
  if (is_open()) ::close(value_);
}

void sync_file(const std::filesystem::path& file) {
  const FileDescriptor descriptor(file, O_WRONLY | O_NOFOLLOW);
  if (!descriptor.is_open()) throw_errno("open");
  if (::futimens(descriptor.get(), nullptr) != 0) throw_errno("futimens");
  if (::fdatasync(descriptor.get()) != 0) throw_errno("fdatasync");
}

void sync_directory(const std::filesystem::path& directory) {
  const FileDescriptor descriptor(directory, O_RDONLY | O_DIRECTORY);
  if (!descriptor.is_open()) throw_errno("open");
  if (::fsync(descriptor.get()) != 0) throw_errno("fsync");
}

}  // namespace inpaint::storage
