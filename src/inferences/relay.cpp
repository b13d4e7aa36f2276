#include "inferences/relay.h"

#include <vector>

#include "inferences/repository.h"

namespace inpaint::inferences {
namespace {

constexpr std::chrono::seconds kRetryInterval{1};  // between tries when the queue does not answer
constexpr int kBatch = 100;

}  // namespace

Relay::Relay(database::Database& database, queue::Queue& queue)
    : database_(database), queue_(queue), loop_("relay", kRetryInterval, [this] { carry(); }) {}

void Relay::start() {
  loop_.start();
  loop_.wake();
}

void Relay::carry() {
  for (;;) {
    const auto rings = database_.read([](database::Session& sql) { return repository::rings(sql, kBatch); });
    if (rings.empty()) return;
    std::vector<queue::Job> jobs;
    jobs.reserve(rings.size());
    for (const repository::Ring& ring : rings) jobs.push_back(ring.job);
    queue_.add_all(jobs);
    database_.transaction([&](database::Session& sql) {
      for (const repository::Ring& ring : rings) repository::remove_ring(sql, ring.id);
    });
  }
}

}  // namespace inpaint::inferences
