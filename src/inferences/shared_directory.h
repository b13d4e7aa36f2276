#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace inpaint::inferences {

// A directory in which the worker and a black box hand files to each other, by paths relative to it. Neither
// believes what the other says: no path leads out of the directory.
class SharedDirectory {
 public:
  // Makes the directory. Throws kUnavailable.
  explicit SharedDirectory(const std::filesystem::path& root);

  const std::filesystem::path& root() const { return root_; }

  // The file that the other side names. Throws kInvalid BAD_PATH for a path that is absolute, holds "..", or
  // leads out by a link; kNotFound when no regular file is there.
  std::filesystem::path find(std::string_view path) const;

  // What the other side has to be told of a file in the directory.
  std::string name_of(const std::filesystem::path& file) const;

 private:
  std::filesystem::path root_;  // without links
};

}  // namespace inpaint::inferences
