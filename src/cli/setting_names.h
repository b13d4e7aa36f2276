#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

namespace CLI {
class App;
}

namespace inpaint::cli {

// Guards against settings that nobody reads because their names are misspelt.
class SettingNames {
 public:
  // The variables of every option of the program, and those that may stand beside them.
  explicit SettingNames(const CLI::App& app);

  bool contains(const std::string& name) const;
  // The known name that was probably meant.
  std::optional<std::string> closest(const std::string& name) const;

  // Throws kInvalid UNKNOWN_SETTING for a name that is not known in a file of settings.
  void check_dotenv(const std::filesystem::path& file) const;
  // The environment is not ours alone: only what begins as our settings do is warned about.
  void warn_of_environment() const;

 private:
  std::set<std::string> names_;
};

}  // namespace inpaint::cli
