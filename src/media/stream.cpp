#include "media/stream.h"

#include <sys/stat.h>

#include "base/error.h"

namespace inpaint::media {

Error writing_error() {
  if (is_disk_full(errno)) return storage_full();
  return {ErrorKind::kUnavailable, "STORAGE_UNAVAILABLE", "The file could not be written to disk."};
}

Stream open_for_reading(const std::filesystem::path& file) {
  Stream stream(std::fopen(file.c_str(), "rbe"));
  struct stat status {};
  if (!stream || fstat(fileno(stream.get()), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw invalid("BAD_IMAGE", "The file cannot be opened for reading.");
  }
  if (status.st_size == 0) throw invalid("BAD_IMAGE", "The file is empty.");
  return stream;
}

Stream open_memory(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) throw invalid("BAD_IMAGE", "The file is empty.");
  // Opened for reading only, so the bytes stay as they are.
  Stream stream(fmemopen(const_cast<std::uint8_t*>(bytes.data()), bytes.size(), "rb"));
  if (!stream) throw internal("fmemopen failed");
  return stream;
}

std::int64_t size_bytes(std::FILE* stream) {
  const off_t position = ftello(stream);
  fseeko(stream, 0, SEEK_END);
  const off_t size = ftello(stream);
  fseeko(stream, position, SEEK_SET);
  return size;
}

Stream open_for_writing(const std::filesystem::path& file) {
  Stream stream(std::fopen(file.c_str(), "wbe"));
  if (!stream) throw writing_error();
  return stream;
}

void finish_writing(Stream stream) {
  const bool written = std::fflush(stream.get()) == 0 && std::ferror(stream.get()) == 0;
  if (!written || std::fclose(stream.release()) != 0) throw writing_error();
}

}  // namespace inpaint::media
