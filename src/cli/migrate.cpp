#include <cstdio>

#include "cli/commands.h"
#include "cli/platform.h"

namespace inpaint::cli {

int migrate(const Config& config) {
  const int version = open_database(config)->migrate();
  std::printf("The database in %s is at version %d.\n", config.data_directory.c_str(), version);
  return 0;
}

}  // namespace inpaint::cli
