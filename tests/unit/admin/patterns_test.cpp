#include "admin/patterns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

namespace inpaint::admin {
namespace {

const std::filesystem::path kRoot = std::filesystem::path(INPAINT_FIXTURES) / "../..";

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(Patterns, are_the_table_of_the_architecture) {
  const std::string page = content_of(kRoot / "docs/architecture.md");
  std::istringstream lines(page.substr(page.find("## Patterns")));
  std::map<std::string, std::string> documented;
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line) && !line.starts_with("## ");) {
    std::smatch row;
    if (!std::regex_match(line, row, std::regex(R"(\| (.*) \| (.*) \|)")) || row[1] == "role") continue;
    if (row[1] == "---") continue;
    std::string players = row[2];
    std::erase(players, '`');
    documented[row[1]] = players;
  }
  std::map<std::string, std::string> answered;
  for (const Pattern& pattern : patterns()) answered.emplace(pattern.role, pattern.played_by);
  EXPECT_EQ(answered, documented);
}

// What the table names is there: every file, and every scope::Name somewhere in the headers.
TEST(Patterns, name_what_exists) {
  std::string headers;
  std::string files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / "src")) {
    files += entry.path().string() + "\n";
    if (entry.path().extension() == ".h") headers += content_of(entry.path());
  }
  for (const Pattern& pattern : patterns()) {
    const std::string players(pattern.played_by);
    const std::regex name(R"([\w/]+\.cpp|\w+::\w+|[A-Z]\w+[A-Z]\w+|\w+_\w+)");
    for (auto found = std::sregex_iterator(players.begin(), players.end(), name);
         found != std::sregex_iterator(); ++found) {
      const std::string text = found->str();
      if (text.ends_with(".cpp")) {
        EXPECT_NE(files.find("/" + text + "\n"), std::string::npos) << text;
      } else {
        const auto scope = text.rfind("::");
        const std::string last = scope == std::string::npos ? text : text.substr(scope + 2);
        EXPECT_TRUE(std::regex_search(headers, std::regex("\\b" + last + "\\b"))) << text;
      }
    }
  }
}

}  // namespace
}  // namespace inpaint::admin
