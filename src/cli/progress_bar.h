#pragma once

#include <string>

namespace inpaint::cli {

// One line on stderr: a bar that moves on a terminal, and elsewhere only the end as a plain line.
class ProgressBar {
 public:
  explicit ProgressBar(std::string title);

  void show(double fraction);
  // `outcome`: what is written at the end of the line.
  void finish(const std::string& outcome);

 private:
  std::string title_;
  bool is_terminal_;
  int shown_percent_ = -1;
};

}  // namespace inpaint::cli
