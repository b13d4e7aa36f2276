#include "inferences/shared_directory.h"

#include <algorithm>

#include "base/error.h"

namespace inpaint::inferences {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaximumName = 1024;

Error bad_path() {
  return invalid("BAD_PATH", "A path must lead to a file in the shared directory, and be relative to it.");
}

bool is_inside(const fs::path& root, const fs::path& file) {
  return std::mismatch(root.begin(), root.end(), file.begin(), file.end()).first == root.end();
}

}  // namespace

SharedDirectory::SharedDirectory(const fs::path& root) {
  std::error_code error;
  fs::create_directories(root, error);
  if (!error) root_ = fs::canonical(root, error);
  if (error) {
    throw Error(ErrorKind::kUnavailable, "STORAGE_UNAVAILABLE",
                "The directory " + root.string() + " can't be used: " + error.message());
  }
}

fs::path SharedDirectory::find(std::string_view path) const {
  const fs::path relative(path);
  const bool is_sane = !path.empty() && path.size() <= kMaximumName && relative.is_relative() &&
                       path.find('\0') == std::string_view::npos;
  if (!is_sane || std::find(relative.begin(), relative.end(), "..") != relative.end()) throw bad_path();
  std::error_code error;
  fs::path file = fs::canonical(root_ / relative, error);
  if (error || !fs::is_regular_file(file)) {
    if (!error && !is_inside(root_, file)) throw bad_path();
    throw not_found("There is no file at this path of the shared directory.");
  }
  if (!is_inside(root_, file)) throw bad_path();
  return file;
}

std::string SharedDirectory::name_of(const fs::path& file) const {
  return file.lexically_relative(root_).generic_string();
}

}  // namespace inpaint::inferences
