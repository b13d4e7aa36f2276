#include "cli/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace inpaint::cli {
namespace {

constexpr int kWidth = 30;

}  // namespace

ProgressBar::ProgressBar(std::string title)
    : title_(std::move(title)), is_terminal_(::isatty(STDERR_FILENO) != 0) {
  show(0);
}

void ProgressBar::show(double fraction) {
  const int percent = std::clamp(static_cast<int>(fraction * 100), 0, 100);
  if (!is_terminal_ || percent == shown_percent_) return;
  shown_percent_ = percent;
  const auto filled = static_cast<std::size_t>(percent * kWidth / 100);
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  std::fprintf(stderr, "\r%s %s %3d%%", title_.c_str(), bar.c_str(), percent);
  std::fflush(stderr);
}

void ProgressBar::finish(const std::string& outcome) {
  std::fprintf(stderr, "%s%s -> %s\n", is_terminal_ ? "\r\033[K" : "", title_.c_str(), outcome.c_str());
}

}  // namespace inpaint::cli
