#include "base/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace inpaint {
namespace {

class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& file)
      : descriptor_(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) {
    struct stat status {};
    if (descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
      size_bytes_ = status.st_size;
      return;
    }
    if (descriptor_ >= 0) ::close(descriptor_);
    throw not_found("There is no such file.");
  }
  ~FileSource() override { ::close(descriptor_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::int64_t size_bytes() const override { return size_bytes_; }

  void read(std::int64_t offset, std::span<char> piece) override {
    while (!piece.empty()) {
      const ssize_t count = ::pread(descriptor_, piece.data(), piece.size(), offset);
      if (count <= 0) throw internal("a file could not be read to its end");
      piece = piece.subspan(static_cast<std::size_t>(count));
      offset += count;
    }
  }

 private:
  const int descriptor_;
  std::int64_t size_bytes_ = 0;
};

}  // namespace

std::shared_ptr<ByteSource> open_file(const std::filesystem::path& file) {
  return std::make_shared<FileSource>(file);
}

}  // namespace inpaint
