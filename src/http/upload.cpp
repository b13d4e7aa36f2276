#include "http/upload.h"

#include <algorithm>

#include "base/error.h"
#include "base/uuid.h"
#include "http/text.h"

namespace inpaint::http {
namespace {

constexpr std::size_t kMaximumFieldBytes = 64 * 1024;
constexpr std::size_t kMaximumFiles = 16;

}  // namespace

Upload::Upload(std::string_view boundary, std::filesystem::path temporary_directory,
               std::int64_t minimum_free_bytes, std::int64_t announced_bytes)
    : temporary_directory_(std::move(temporary_directory)),
      minimum_free_bytes_(minimum_free_bytes),
      announced_bytes_(announced_bytes),
      parser_(boundary, *this) {}

// A file system that does not tell has room until it says otherwise.
void Upload::check_room(std::int64_t bytes) const {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(temporary_directory_, error);
  if (!error && space.available < static_cast<std::uint64_t>(minimum_free_bytes_ + bytes))
    throw storage_full();
}

void Upload::feed(std::string_view bytes) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  check_room(std::max(size, announced_bytes_));
  announced_bytes_ -= size;
  parser_.feed(bytes);
}

std::shared_ptr<const Form> Upload::finish() {
  parser_.finish();
  return std::move(form_);
}

// An empty file name is what a browser sends for a file input that was left empty.
void Upload::begin_part(const PartHeader& header) {
  part_ = header;
  field_.clear();
  if (!part_.file_name || part_.file_name->empty()) return;
  if (form_->files.size() >= kMaximumFiles) {
    throw malformed_multipart("it has more than " + std::to_string(kMaximumFiles) + " files");
  }
  UploadedFile& file = form_->files.emplace_back();
  file.field = part_.name;
  file.file_name = *part_.file_name;
  file.path = temporary_directory_ / Uuid::make().to_string();
  file_.open(file.path, std::ios::binary);
  check_written();
}

void Upload::part_data(std::string_view bytes) {
  if (file_.is_open()) {
    file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    check_written();
    form_->files.back().size_bytes += static_cast<std::int64_t>(bytes.size());
  } else {
    if (field_.size() + bytes.size() > kMaximumFieldBytes) {
      throw malformed_multipart("the field " + part_.name + " is larger than 64 KiB");
    }
    field_.append(bytes);
  }
}

void Upload::end_part() {
  if (file_.is_open()) {
    file_.close();
    check_written();
  } else if (!part_.file_name) {
    if (!is_utf8(field_)) throw malformed_multipart("the field " + part_.name + " is not valid UTF-8");
    form_->fields[part_.name] = std::string(trim(field_));
  }
}

void Upload::check_written() const {
  if (!file_) throw storage_full();
}

}  // namespace inpaint::http
