#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace inpaint::cli {

// The file of settings: what INPAINT_ENV_FILE names, else .env in the working directory. Throws kInvalid
// BAD_SETTING when the one that is named can't be read.
std::filesystem::path settings_file();

// The NAME=value lines of a file in their order; none when there is no file. Comments (#), blank lines,
// "export ", 'single' and "double" quotes are understood. Throws kInvalid that names the line.
std::vector<std::pair<std::string, std::string>> read_dotenv(const std::filesystem::path& file);

// Takes what read_dotenv reads into the environment, where it does not replace what is there. Call before
// any thread starts.
void load_dotenv(const std::filesystem::path& file);

// Logs from now on at the LOG_LEVEL that settings_file() says; says so in the log, also why it does not.
void reload_log_level() noexcept;

}  // namespace inpaint::cli
