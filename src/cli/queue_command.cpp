#include <cstdio>

#include "cli/commands.h"
#include "cli/platform.h"

namespace inpaint::cli {

namespace {

int show(queue::Queue& queue) {
  const queue::Counts counts = queue.counts();
  for (const auto& [state, count] :
       {std::pair{"waiting", counts.waiting}, std::pair{"delayed", counts.delayed},
        std::pair{"active", counts.active}, std::pair{"failed", counts.failed},
        std::pair{"completed", counts.completed}}) {
    std::printf("%-9s %lld\n", state, static_cast<long long>(count));
  }
  if (counts.is_paused) std::printf("paused: `inpaint queue resume` lets it go on\n");
  return 0;
}

}  // namespace

int show_queue(const Config& config) {
  check_there_is_a_database(config);
  Platform platform(config);
  return show(*platform.queue);
}

int pause_queue(const Config& config) {
  check_there_is_a_database(config);
  Platform platform(config);
  platform.queue->set_paused(true);
  return show(*platform.queue);
}

int resume_queue(const Config& config) {
  check_there_is_a_database(config);
  Platform platform(config);
  platform.queue->set_paused(false);
  return show(*platform.queue);
}

}  // namespace inpaint::cli
