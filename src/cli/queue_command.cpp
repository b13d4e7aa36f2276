#include <cstdio>
#include <functional>

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

// Does it to the queue of the installation, and counts.
int with_queue(const Config& config, const std::function<void(queue::Queue&)>& action) {
  const auto database = open_present_database(config);
  database->migrate();
  const auto queue = open_queue(config, *database);
  action(*queue);
  return show(*queue);
}

}  // namespace

int show_queue(const Config& config) {
  return with_queue(config, [](queue::Queue&) {});
}

int pause_queue(const Config& config) {
  return with_queue(config, [](queue::Queue& queue) { queue.set_paused(true); });
}

int resume_queue(const Config& config) {
  return with_queue(config, [](queue::Queue& queue) { queue.set_paused(false); });
}

}  // namespace inpaint::cli
