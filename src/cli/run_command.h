#pragma once

#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace inpaint::cli {

// `inpaint run`: pictures from files to files, without a service.
struct RunOptions {
  std::filesystem::path image;  // one picture …
  std::filesystem::path mask;
  std::filesystem::path output;
  std::filesystem::path images;  // … or a directory of them
  std::filesystem::path masks;
  std::filesystem::path outputs;
  std::string model = "default_inpainting";
  std::string quality = "medium";
  long long maximum_megapixels = 100;
};

void add_run_options(CLI::App& command, RunOptions& options);

// Returns 0 when every picture was repaired. In a directory, what fails is told and the others go on.
// Throws kInvalid for options that contradict each other.
int run(const RunOptions& options);

}  // namespace inpaint::cli
