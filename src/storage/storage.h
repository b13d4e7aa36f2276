// storage/ keeps blobs by key: in a local directory, or in an S3 bucket.
// A key is made by our code only ("datasets/<id>/<uuid>.png") and checked all the same: see key.h. It uses
// client/ and base/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "base/time.h"

namespace inpaint::storage {

class Storage {
 public:
  virtual ~Storage() = default;

  // Stores the file under `key`, whole or not at all, replacing what was there, and so that a power cut
  // after the return does not lose it. The file is moved away when it can be (same file system), else
  // copied and removed.
  virtual void put_file(std::string_view key, const std::filesystem::path& file) = 0;

  // A readable local file with the blob's bytes; throws kNotFound. For a local directory the blob itself
  // (do not write to it), for others a cached copy that lives while the returned pointer does.
  virtual std::shared_ptr<const std::filesystem::path> open_file(std::string_view key) = 0;

  // The blob's bytes, read from where they are; throws kNotFound.
  virtual std::shared_ptr<ByteSource> open(std::string_view key) = 0;

  // What a client is told of a file that it fetches.
  struct Presentation {
    std::string content_type;
    std::string content_disposition;
    std::string cache_control;
  };
  // A URL at which clients may fetch the blob themselves for a few minutes; nothing when they are to have it
  // from us. The blob need not exist.
  virtual std::optional<std::string> make_link(std::string_view key, const Presentation& presentation) = 0;

  // Removing what is not there is fine.
  virtual void remove(std::string_view key) = 0;

  struct Blob {
    std::string key;
    std::int64_t size_bytes = 0;
    Timestamp stored_at;
  };
  // Calls `visit` for every blob whose key starts with `prefix`, in no particular order.
  virtual void list(std::string_view prefix, const std::function<void(const Blob&)>& visit) = 0;

  // Removes what put_file left half-done when its process died, if it was begun before `before`. What may
  // still be under way by then, because it is large, is asked about by its key.
  virtual void remove_leftovers(Timestamp before,
                                const std::function<bool(const std::string& key)>& is_under_way) = 0;

  // Throws kUnavailable when a small blob can't be written and read back.
  virtual void check() = 0;
};

std::unique_ptr<Storage> make_local_storage(const std::filesystem::path& directory);

}  // namespace inpaint::storage
