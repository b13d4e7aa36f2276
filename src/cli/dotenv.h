#pragma once

#include <filesystem>

namespace inpaint::cli {

// Reads NAME=value lines into the environment, where they do not replace what is there: comments (#),
// blank lines, "export ", 'single' and "double" quotes are understood. No file, no effect. Call before any
// thread starts. Throws kInvalid that names the line.
void load_dotenv(const std::filesystem::path& file);

}  // namespace inpaint::cli
