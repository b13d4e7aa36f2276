#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <mutex>
#include <system_error>

#include "base/error.h"
#include "base/uuid.h"
#include "storage/durable_files.h"
#include "storage/key.h"
#include "storage/storage.h"

namespace inpaint::storage {
namespace {

namespace fs = std::filesystem;

// Hidden names are no keys, so these never meet a blob and are never listed.
constexpr std::string_view kLeftoverPrefix = ".incoming-";
constexpr std::string_view kProbePrefix = ".probe-";

fs::path hidden_name(std::string_view prefix) {
  return std::string(prefix) + Uuid::make().to_string();
}

// The system's sentence may name paths: it is for the log, so the kind is kInternal.
Error storage_failure(const std::system_error& error) {
  if (is_disk_full(error.code().value())) return storage_full();
  return internal(std::string("storage: ") + error.what());
}

Timestamp modification_time(const struct stat& status) {
  return {status.st_mtim.tv_sec * 1000LL + status.st_mtim.tv_nsec / 1'000'000};
}

class LocalStorage final : public Storage {
 public:
  explicit LocalStorage(fs::path directory) : root_(std::move(directory)) {}

  void put_file(std::string_view key, const fs::path& file) override;
  std::shared_ptr<const fs::path> open_file(std::string_view key) override;
  std::shared_ptr<ByteSource> open(std::string_view key) override { return inpaint::open_file(path_of(key)); }
  std::optional<std::string> make_link(std::string_view, const Presentation&) override {
    return std::nullopt;
  }
  void remove(std::string_view key) override;
  void list(std::string_view prefix, const std::function<void(const Blob&)>& visit) override;
  void remove_leftovers(Timestamp before, const std::function<bool(const std::string&)>&) override;
  void check() override;

 private:
  fs::path path_of(std::string_view key) const {
    check_key(key);
    return root_ / key;
  }
  void create_parents(const fs::path& blob);
  template <typename Visit>
  void walk(const fs::path& directory, const Visit& visit) const;

  fs::path root_;
  // Held while directories are made, until they are on the disk: nobody may see a directory as there and
  // rely on it while a power cut could still take it away.
  std::mutex directories_;
};

void LocalStorage::create_parents(const fs::path& blob) {
  const std::lock_guard lock(directories_);
  fs::path directory = root_;
  for (const fs::path& segment : blob.parent_path().lexically_relative(root_)) {
    if (segment == ".") continue;
    const fs::path parent = directory;
    directory /= segment;
    if (fs::create_directory(directory)) sync_directory(parent);
  }
}

// Moves `file` to `blob`. False when the blob's directory is not there.
bool move_into_place(const fs::path& file, const fs::path& blob) {
  std::error_code error;
  fs::rename(file, blob, error);
  if (error == std::errc::cross_device_link) {
    const fs::path copy = blob.parent_path() / hidden_name(kLeftoverPrefix);
    fs::copy_file(file, copy);
    sync_file(copy);
    fs::rename(copy, blob);
    fs::remove(file);
    return true;
  }
  if (error == std::errc::no_such_file_or_directory) return false;
  if (error) throw std::system_error(error, "rename");
  return true;
}

void LocalStorage::put_file(std::string_view key, const fs::path& file) {
  const fs::path blob = path_of(key);
  try {
    sync_file(file);
    // A removal may take the directory away between its making and the move into it.
    constexpr int kMaximumTries = 100;
    for (int tries = 1;; ++tries) {
      create_parents(blob);
      if (move_into_place(file, blob)) break;
      if (tries == kMaximumTries) throw internal("storage: a directory vanishes as fast as it is made");
    }
    sync_directory(blob.parent_path());
  } catch (const std::system_error& error) {
    throw storage_failure(error);
  }
}

std::shared_ptr<const fs::path> LocalStorage::open_file(std::string_view key) {
  auto path = std::make_shared<const fs::path>(path_of(key));
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(*path, error))) throw not_found("There is no such file.");
  return path;
}

void LocalStorage::remove(std::string_view key) {
  const fs::path blob = path_of(key);
  std::error_code error;
  fs::remove(blob, error);
  if (error) throw storage_failure(std::system_error(error, "remove"));
  // A directory that is not empty refuses: that ends the climb.
  for (fs::path directory = blob.parent_path(); directory != root_; directory = directory.parent_path()) {
    if (!fs::remove(directory, error) || error) break;
  }
}

// Every regular file under `directory`; what vanishes meanwhile is passed over.
template <typename Visit>
void LocalStorage::walk(const fs::path& directory, const Visit& visit) const {
  std::error_code error;
  for (fs::directory_iterator position(directory, error), end; !error && position != end;
       position.increment(error)) {
    struct stat status {};
    if (::lstat(position->path().c_str(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode)) walk(position->path(), visit);
    if (S_ISREG(status.st_mode)) visit(position->path(), status);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw storage_failure(std::system_error(error, "list"));
  }
}

void LocalStorage::list(std::string_view prefix, const std::function<void(const Blob&)>& visit) {
  const std::size_t slash = prefix.rfind('/');
  const std::string_view directory = slash == std::string_view::npos ? "" : prefix.substr(0, slash);
  if (!directory.empty()) check_key(directory);
  walk(root_ / directory, [&](const fs::path& path, const struct stat& status) {
    std::string key = path.lexically_relative(root_).generic_string();
    if (!key.starts_with(prefix) || path.filename().native().starts_with('.')) return;
    visit({std::move(key), status.st_size, modification_time(status)});
  });
}

// Whoever copies a file still changes it.
void LocalStorage::remove_leftovers(Timestamp before, const std::function<bool(const std::string&)>&) {
  walk(root_, [&](const fs::path& path, const struct stat& status) {
    const std::string name = path.filename();
    const bool leftover = name.starts_with(kLeftoverPrefix) || name.starts_with(kProbePrefix);
    std::error_code ignored;
    if (leftover && modification_time(status) < before) fs::remove(path, ignored);
  });
}

void LocalStorage::check() {
  const fs::path probe = root_ / hidden_name(kProbePrefix);
  constexpr std::string_view kText = "inpaint";
  std::ofstream(probe) << kText;
  std::string read;
  std::ifstream(probe) >> read;
  std::error_code ignored;
  fs::remove(probe, ignored);
  if (read != kText) {
    throw Error(ErrorKind::kUnavailable, "STORAGE_UNAVAILABLE", "The storage can't be written or read.");
  }
}

}  // namespace

std::unique_ptr<Storage> make_local_storage(const fs::path& directory) {
  std::error_code error;
  const fs::path root = fs::absolute(directory).lexically_normal();
  fs::create_directories(root, error);
  if (error) {
    throw Error(ErrorKind::kUnavailable, "STORAGE_UNAVAILABLE",
                "The storage directory " + root.string() + " can't be made: " + error.message());
  }
  // Keys are joined with '/' and compared with the root: a trailing separator would make it another path.
  return std::make_unique<LocalStorage>(root.has_filename() ? root : root.parent_path());
}

}  // namespace inpaint::storage
