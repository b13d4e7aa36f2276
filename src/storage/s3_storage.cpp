#include "storage/s3_storage.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "storage/key.h"
#include "storage/s3_bucket.h"

namespace inpaint::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFirstReadBytes = 256 * 1024;
constexpr std::int64_t kLongestReadBytes = 1 << 20;
constexpr std::int64_t kReadAheadBytes = 32 << 20;
constexpr std::int64_t kCopiedBytes = 4 << 20;
constexpr std::chrono::seconds kProbePatience{2};
constexpr std::chrono::minutes kLinkLifetime{5};
constexpr auto kProbeKey = "probes/";

// What all who read hold ahead of their clients, so that many slow ones don't fill the memory.
class ReadAhead {
 public:
  bool take(std::int64_t bytes) {
    if ((left_bytes_ -= bytes) >= 0) return true;
    give_back(bytes);
    return false;
  }
  void give_back(std::int64_t bytes) { left_bytes_ += bytes; }

 private:
  std::atomic<std::int64_t> left_bytes_ = kReadAheadBytes;
};

// Reads ahead, twice as far each time: a short range costs little, a long one few requests.
class BlobSource final : public ByteSource {
 public:
  BlobSource(S3Bucket& bucket, ReadAhead& read_ahead, std::string key, std::int64_t size_bytes)
      : bucket_(bucket), read_ahead_(read_ahead), key_(std::move(key)), size_bytes_(size_bytes) {}
  ~BlobSource() override { forget(); }
  BlobSource(const BlobSource&) = delete;
  BlobSource& operator=(const BlobSource&) = delete;

  std::int64_t size_bytes() const override { return size_bytes_; }

  void read(std::int64_t offset, std::span<char> piece) override {
    while (!piece.empty()) {
      if (offset < begin_ || offset >= begin_ + std::ssize(ahead_)) fetch(offset, std::ssize(piece));
      const std::int64_t skipped = offset - begin_;
      const std::int64_t count = std::min<std::int64_t>(std::ssize(piece), std::ssize(ahead_) - skipped);
      std::copy_n(ahead_.begin() + skipped, count, piece.begin());
      piece = piece.subspan(static_cast<std::size_t>(count));
      offset += count;
      if (skipped + count == std::ssize(ahead_)) forget();
    }
  }

 private:
  void fetch(std::int64_t offset, std::int64_t wanted) {
    forget();
    std::int64_t length = std::min(std::max(wanted, read_bytes_), size_bytes_ - offset);
    if (length > wanted && read_ahead_.take(length)) {
      taken_bytes_ = length;
    } else {
      length = wanted;
    }
    ahead_ = bucket_.get(key_, offset, length);
    ahead_.shrink_to_fit();
    begin_ = offset;
    read_bytes_ = std::min(2 * read_bytes_, kLongestReadBytes);
  }

  void forget() {
    ahead_ = std::string();
    read_ahead_.give_back(std::exchange(taken_bytes_, 0));
  }

  S3Bucket& bucket_;
  ReadAhead& read_ahead_;
  const std::string key_;
  const std::int64_t size_bytes_;
  std::int64_t read_bytes_ = kFirstReadBytes;
  std::int64_t taken_bytes_ = 0;  // of read_ahead_
  std::string ahead_;             // what is there from begin_ on
  std::int64_t begin_ = 0;
};

// For what is not worth waiting for: a check, and the removal of what is swept otherwise.
S3Options impatient(S3Options options) {
  options.patience = std::min<std::chrono::milliseconds>(options.patience, kProbePatience);
  return options;
}

class S3Storage final : public Storage {
 public:
  S3Storage(S3Options options, const TemporaryArea& temporary)
      : options_(std::move(options)),
        temporary_(temporary),
        bucket_(options_),
        impatient_bucket_(impatient(options_)) {}

  void put_file(std::string_view key, const fs::path& file) override;
  std::shared_ptr<const fs::path> open_file(std::string_view key) override;
  std::shared_ptr<ByteSource> open(std::string_view key) override;
  std::optional<std::string> make_link(std::string_view key, const Presentation& presentation) override;
  void remove(std::string_view key) override;
  void list(std::string_view prefix, const std::function<void(const Blob&)>& visit) override;
  void remove_leftovers(Timestamp before,
                        const std::function<bool(const std::string&)>& is_under_way) override;
  void check() override;

 private:
  void put_in_parts(std::string_view key, const fs::path& file, std::int64_t size);

  const S3Options options_;
  const TemporaryArea& temporary_;
  S3Bucket bucket_;
  S3Bucket impatient_bucket_;
  ReadAhead read_ahead_;
};

void S3Storage::put_file(std::string_view key, const fs::path& file) {
  check_key(key);
  const auto size = static_cast<std::int64_t>(fs::file_size(file));
  if (size > options_.part_bytes) {
    put_in_parts(key, file, size);
  } else {
    bucket_.put(key, {file, 0, size});
  }
  fs::remove(file);
}

void S3Storage::put_in_parts(std::string_view key, const fs::path& file, std::int64_t size) {
  const std::string upload = bucket_.begin_upload(key);
  try {
    std::vector<std::string> etags;
    for (std::int64_t offset = 0; offset < size; offset += options_.part_bytes) {
      const client::FilePart part{file, offset, std::min(options_.part_bytes, size - offset)};
      etags.push_back(bucket_.put_part(key, upload, static_cast<int>(etags.size()) + 1, part));
    }
    bucket_.complete_upload(key, upload, etags, size);
  } catch (...) {
    try {
      impatient_bucket_.abort_upload(key, upload);
    } catch (const std::exception& error) {
      log::warn("storage", "an upload in parts stays until it is swept", {{"reason", error.what()}});
    }
    throw;
  }
}

std::shared_ptr<const fs::path> S3Storage::open_file(std::string_view key) {
  const std::shared_ptr<ByteSource> source = open(key);
  auto copy = std::make_shared<const TemporaryFile>(temporary_.new_path(fs::path(key).extension().native()));
  std::ofstream stream(copy->path(), std::ios::binary);
  std::vector<char> piece(static_cast<std::size_t>(std::min(source->size_bytes(), kCopiedBytes)));
  for (std::int64_t offset = 0; offset < source->size_bytes();) {
    const auto count = std::min(source->size_bytes() - offset, std::ssize(piece));
    const std::span<char> part(piece.data(), static_cast<std::size_t>(count));
    source->read(offset, part);
    stream.write(part.data(), count);
    offset += count;
  }
  stream.close();
  if (!stream) throw storage_full();
  return {copy, &copy->path()};
}

std::shared_ptr<ByteSource> S3Storage::open(std::string_view key) {
  check_key(key);
  const auto size_bytes = bucket_.size_of(key);
  if (!size_bytes) throw not_found("There is no such file.");
  return std::make_shared<BlobSource>(bucket_, read_ahead_, std::string(key), *size_bytes);
}

std::optional<std::string> S3Storage::make_link(std::string_view key, const Presentation& presentation) {
  if (!options_.redirect) return std::nullopt;
  check_key(key);
  return bucket_.make_link(key,
                           {{"response-cache-control", presentation.cache_control},
                            {"response-content-disposition", presentation.content_disposition},
                            {"response-content-type", presentation.content_type}},
                           kLinkLifetime);
}

void S3Storage::remove(std::string_view key) {
  check_key(key);
  impatient_bucket_.remove(key);
}

// What others have put into the bucket under names that are no keys is not ours.
void S3Storage::list(std::string_view prefix, const std::function<void(const Blob&)>& visit) {
  bucket_.list(prefix, [&](std::string key, std::int64_t size, Timestamp stored_at) {
    if (is_key(key)) visit({std::move(key), size, stored_at});
  });
}

void S3Storage::remove_leftovers(Timestamp before,
                                 const std::function<bool(const std::string&)>& is_under_way) {
  for (const S3Bucket::Upload& upload : bucket_.uploads()) {
    if (upload.begun_at >= before || !is_key(upload.key) || is_under_way(upload.key)) continue;
    try {
      impatient_bucket_.abort_upload(upload.key, upload.id);
    } catch (const Error& error) {
      log::warn("storage", "an upload in parts can't be ended",
                {{"key", upload.key}, {"reason", error.what()}});
    }
  }
  list(kProbeKey, [&](const Blob& blob) {
    if (blob.stored_at < before) remove(blob.key);
  });
}

void S3Storage::check() {
  constexpr std::string_view kText = "inpaint";
  const std::string key = kProbeKey + Uuid::make().to_string();
  impatient_bucket_.put(key, kText);
  const std::string read = impatient_bucket_.get(key, 0, std::ssize(kText));
  impatient_bucket_.remove(key);
  if (read != kText) {
    throw Error(ErrorKind::kUnavailable, "STORAGE_UNAVAILABLE", "The storage can't be written or read.");
  }
}

}  // namespace

std::unique_ptr<Storage> make_s3_storage(S3Options options, const TemporaryArea& temporary) {
  if (options.key_id.empty() || options.secret.empty()) {
    throw invalid("BAD_SETTING", "S3_BUCKET needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.");
  }
  if (options.endpoint.empty()) options.endpoint = "https://s3." + options.region + ".amazonaws.com";
  return std::make_unique<S3Storage>(std::move(options), temporary);
}

}  // namespace inpaint::storage
