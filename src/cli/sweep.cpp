#include <cstdio>

#include "cli/commands.h"
#include "cli/platform.h"
#include "inferences/sweeper.h"

namespace inpaint::cli {

int sweep(const Config& config, std::chrono::seconds grace) {
  Platform platform(config);
  inferences::Sweeper sweeper(*platform.database, *platform.queue, *platform.storage, platform.temporary, {});
  const std::int64_t removed = sweeper.sweep_files(Timestamp::now() + -grace);
  std::printf("%lld files removed that belonged to nothing.\n", static_cast<long long>(removed));
  return 0;
}

}  // namespace inpaint::cli
