// cli/ is main() and one file per subcommand. It is the composition root: it builds every part, hands out
// references, and is the only place that knows which implementation stands behind an interface. It may use
// everything.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "cli/config.h"

namespace inpaint::cli {

// Each runs until its work is done, and returns the exit code. Throws Error for what keeps it from working.
int serve(const Config& config);
int work(const Config& config);
// Whether a worker of this machine told a moment ago that it works: 0, else 1.
int check_worker(const Config& config);
int serve_blackbox(const Config& config);
int migrate(const Config& config);
// `from` is sqlite:PATH, `to` a URL of PostgreSQL.
int move_installation(const std::string& from, const std::string& to);
int seed(const Config& config, const std::filesystem::path& samples);
int verify_ledger(const Config& config);
// Removes at once what the service removes after an hour: files that no row names, when older than `grace`.
int sweep(const Config& config, std::chrono::seconds grace);
// The new password is the first line of the standard input; on a terminal, or without one, it is made and
// printed.
int reset_password(const Config& config, const std::string& email);
int show_queue(const Config& config);
int pause_queue(const Config& config);
int resume_queue(const Config& config);

}  // namespace inpaint::cli
