#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace inpaint::cli {

inline constexpr auto kDotenv = ".env";  // in the working directory

// The NAME=value lines of a file in their order; none when there is no file. Comments (#), blank lines,
// "export ", 'single' and "double" quotes are understood. Throws kInvalid that names the line.
std::vector<std::pair<std::string, std::string>> read_dotenv(const std::filesystem::path& file);

// Takes what read_dotenv reads into the environment, where it does not replace what is there. Call before
// any thread starts.
void load_dotenv(const std::filesystem::path& file);

// Logs from now on at the LOG_LEVEL that the file says; says so in the log, also why it does not.
void reload_log_level(const std::filesystem::path& file) noexcept;

}  // namespace inpaint::cli
