#include "cli/setting_names.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "cli/dotenv.h"

namespace inpaint::cli {
namespace {

constexpr std::array kBesideOurs{"INPAINT_ENV_FILE", "NODE_ENV", "TZ"};
constexpr std::string_view kOfCompose = "COMPOSE_";  // it reads a file of the same name
constexpr std::array<std::string_view, 9> kOurBeginnings{
    "ADMIN_", "BCRYPT_", "INFERENCE_", "JWT_", "REDIS_", "MAXIMUM_", "MINIMUM_", "STORAGE_", "WORKER_"};

// V. I. Levenshtein, 1966: how many letters must be put in, left out or replaced.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({row[j] + 1, row[j + 1] + 1, replaced}));
    }
  }
  return row.back();
}

void collect(const CLI::App& app, std::set<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_envname().empty()) names.insert(option->get_envname());
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    collect(*command, names);
  }
}

}  // namespace

SettingNames::SettingNames(const CLI::App& app) : names_(kBesideOurs.begin(), kBesideOurs.end()) {
  collect(app, names_);
}

bool SettingNames::contains(const std::string& name) const {
  return names_.contains(name) || name.starts_with(kOfCompose);
}

std::optional<std::string> SettingNames::closest(const std::string& name) const {
  std::size_t least = name.size() / 3 + 1;  // further away, it is another word
  std::optional<std::string> found;
  for (const std::string& known : names_) {
    const std::size_t distance = edit_distance(name, known);
    if (distance >= least) continue;
    least = distance;
    found = known;
  }
  return found;
}

void SettingNames::check_dotenv(const std::filesystem::path& file) const {
  for (const auto& [name, value] : read_dotenv(file)) {
    if (contains(name)) continue;
    const std::optional<std::string> meant = closest(name);
    throw invalid("UNKNOWN_SETTING", file.string() + ": " + name + " is no setting." +
                                         (meant ? " Did you mean " + *meant + "?"
                                                : " `inpaint serve --help` tells which there are."));
  }
}

void SettingNames::warn_of_environment() const {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string name(text.substr(0, text.find('=')));
    const bool looks_like_ours = std::any_of(kOurBeginnings.begin(), kOurBeginnings.end(),
                                             [&](std::string_view start) { return name.starts_with(start); });
    if (!looks_like_ours || contains(name)) continue;
    log::warn("service", "a variable of the environment is no setting",
              {{"name", name}, {"similar", closest(name).value_or("none")}});
  }
}

}  // namespace inpaint::cli
