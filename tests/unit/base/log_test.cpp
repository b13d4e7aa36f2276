#include "base/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

namespace inpaint::log {
namespace {

// What `work` writes, line by line.
template <typename Work>
std::vector<nlohmann::json> lines_of(Work work) {
  testing::internal::CaptureStderr();
  start(Level::kInfo, true);
  work();
  start(Level::kInfo, true);  // ends the log before it, which writes what it still holds
  std::istringstream text(testing::internal::GetCapturedStderr());
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(Log, every_line_in_a_scope_carries_the_context) {
  const auto lines = lines_of([] {
    Context context;
    context.set("request", "r-1");
    {
      const Scope scope(context);
      info("users", "before it is known who asks");
      annotate("user", "u-1");
      warn("credits", "after", {{"amount", std::string("2.75")}});
    }
    info("service", "outside");
  });
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["request"], "r-1");
  EXPECT_FALSE(lines[0].contains("user"));
  EXPECT_EQ(lines[1]["request"], "r-1");
  EXPECT_EQ(lines[1]["user"], "u-1");
  EXPECT_EQ(lines[1]["domain"], "credits");
  EXPECT_EQ(lines[1]["amount"], "2.75");
  EXPECT_FALSE(lines[2].contains("request"));
}

TEST(Log, a_line_says_each_field_once_and_the_innermost_scope_counts) {
  const auto lines = lines_of([] {
    Context outer;
    outer.set("user", "outer");
    const Scope scope(outer);
    info("users", "own field", {{"user", std::string("own")}});
    {
      Context inner;
      inner.set("user", "inner");
      const Scope nested(inner);
      info("users", "nested");
    }
    info("users", "back");
  });
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["user"], "own");
  EXPECT_EQ(lines[1]["user"], "inner");
  EXPECT_EQ(lines[2]["user"], "outer");
}

TEST(Log, a_context_is_of_its_thread_alone) {
  const auto lines = lines_of([] {
    Context context;
    context.set("request", "r-1");
    const Scope scope(context);
    std::thread([] { info("users", "elsewhere"); }).join();
  });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_FALSE(lines[0].contains("request"));
}

TEST(Log, text_from_outside_is_escaped) {
  const auto lines = lines_of([] {
    Context context;
    context.set("request", "a\"b\n{");
    const Scope scope(context);
    info("users", "line\nbreak \xff", {{"file", std::string("\"quoted\"")}});
  });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["request"], "a\"b\n{");
  EXPECT_EQ(lines[0]["file"], "\"quoted\"");
}

TEST(Log, the_level_changes_at_run_time) {
  const auto lines = lines_of([] {
    debug("users", "not yet");
    set_level(Level::kDebug);
    EXPECT_EQ(level(), Level::kDebug);
    debug("users", "now");
    set_level(Level::kOff);
    error("users", "no more");
  });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["message"], "now");
}

TEST(Log, levels_have_names) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError, Level::kOff}) {
    EXPECT_EQ(parse_level(to_string(level)), level);
  }
  EXPECT_EQ(parse_level("warning"), Level::kWarn);
  EXPECT_EQ(parse_level("verbose"), std::nullopt);
  EXPECT_EQ(parse_level(""), std::nullopt);
}

}  // namespace
}  // namespace inpaint::log
