#include "cli/dotenv.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/log.h"

namespace inpaint::cli {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_name(std::string_view text) {
  const auto is_part = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') && std::ranges::all_of(text, is_part);
}

// The value behind "=", without quotes or a comment. Nothing when a quote is not closed.
std::optional<std::string_view> parse_value(std::string_view text) {
  if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
    const auto end = text.find(text.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = trim(text.substr(end + 1));
    if (!rest.empty() && rest.front() != '#') return std::nullopt;
    return text.substr(1, end - 1);
  }
  if (text.starts_with('#')) return std::string_view();
  return trim(text.substr(0, text.find(" #")));
}

}  // namespace

std::filesystem::path settings_file() {
  const char* named = std::getenv("INPAINT_ENV_FILE");
  if (named == nullptr || *named == '\0') return ".env";
  if (!std::ifstream(named)) {
    throw invalid("BAD_SETTING", std::string("INPAINT_ENV_FILE: ") + named + " can't be read.");
  }
  return named;
}

std::vector<std::pair<std::string, std::string>> read_dotenv(const std::filesystem::path& file) {
  std::vector<std::pair<std::string, std::string>> settings;
  std::ifstream lines(file);
  std::string content;
  for (int number = 1; std::getline(lines, content); ++number) {
    std::string_view line = trim(content);
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const auto equals = line.find('=');
    const std::string_view name = trim(line.substr(0, equals));
    const auto value =
        equals == std::string_view::npos ? std::nullopt : parse_value(trim(line.substr(equals + 1)));
    if (!is_name(name) || !value) {
      throw invalid("BAD_DOTENV", file.string() + ", line " + std::to_string(number) +
                                      ": this is not NAME=value, NAME='value' or a # comment.");
    }
    settings.emplace_back(name, *value);
  }
  return settings;
}

void load_dotenv(const std::filesystem::path& file) {
  for (const auto& [name, value] : read_dotenv(file)) ::setenv(name.c_str(), value.c_str(), 0);
}

void reload_log_level() noexcept {
  try {
    const std::filesystem::path file = settings_file();
    std::optional<log::Level> level;
    for (const auto& [name, value] : read_dotenv(file)) {
      if (name == "LOG_LEVEL" && !level) level = log::parse_level(value);
    }
    if (level) log::set_level(*level);
    log::info("service", level ? "the log level was read again" : "there is no log level to read again",
              {{"file", file.string()}, {"log_level", std::string(log::to_string(log::level()))}});
  } catch (const std::exception& error) {
    log::warn("service", "the log level could not be read again", {{"reason", std::string(error.what())}});
  }
}

}  // namespace inpaint::cli
