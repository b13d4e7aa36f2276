#include "cli/progress_bar.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

namespace inpaint::cli {
namespace {

void work() {
  ProgressBar bar("a.png");
  for (const double fraction : {0.5, 0.501, 0.5, 1.0, 7.0}) bar.show(fraction);
  bar.finish("b.png");
}

// What is written to stderr when it is a terminal.
std::string on_terminal() {
  int controller = -1;
  int terminal = -1;
  if (::openpty(&controller, &terminal, nullptr, nullptr, nullptr) != 0) return "no terminal";
  const int before = ::dup(STDERR_FILENO);
  ::dup2(terminal, STDERR_FILENO);
  work();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(terminal);
  std::string text;
  char piece[256];
  for (ssize_t count = 0; (count = ::read(controller, piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(count));
  }
  ::close(controller);
  return text;
}

TEST(ProgressBarTest, WritesOneLineWhereThereIsNoTerminal) {
  testing::internal::CaptureStderr();
  work();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a.png -> b.png\n");
}

TEST(ProgressBarTest, MovesOnATerminal) {
  const std::string half = "\ra.png " + std::string(15, '#') + std::string(15, '.') + "  50%";
  const std::string full = "\ra.png " + std::string(30, '#') + " 100%";
  const std::string none = "\ra.png " + std::string(30, '.') + "   0%";
  EXPECT_EQ(on_terminal(), none + half + full + "\r\033[Ka.png -> b.png\r\n");
}

}  // namespace
}  // namespace inpaint::cli
