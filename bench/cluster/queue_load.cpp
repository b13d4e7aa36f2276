// The load of bench/cluster/bullmq.py on our side, in the roles of queue_node.js: `produce` adds empty jobs
// to the queue on Redis as the relay does, `work` takes and completes them as workers do, `both` does so in
// one process. It says when it is ready, and whoever works says when all are done; adding begins when it is
// told a line.
//
//   bench_queue produce|work|both PORT JOBS CONCURRENCY
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <string_view>
#include <thread>
#include <vector>

#include "queue/queue.h"

namespace {

using namespace std::chrono_literals;

void say(const char* word) {
  std::puts(word);
  std::fflush(stdout);
}

void produce(inpaint::queue::Queue& queue, long jobs) {
  constexpr long kBatch = 100;  // of the relay
  for (long added = 0; added < jobs; added += kBatch) {
    std::vector<inpaint::queue::Job> batch;
    for (long i = added; i < std::min(added + kBatch, jobs); ++i) {
      batch.push_back({inpaint::InferenceId::make()});
    }
    queue.add_all(batch);
  }
}

void work(inpaint::queue::Queue& queue, std::latch& left) {
  std::optional<inpaint::queue::LeasedJob> job;
  while (!left.try_wait()) {
    const bool is_done = job.has_value();
    job = is_done ? queue.complete_and_take(*job) : queue.take(100ms);
    if (is_done) left.count_down();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const std::string_view role = argv[1];
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const long jobs = std::atol(argv[3]);
  const int concurrency = role == "produce" ? 0 : std::atoi(argv[4]);
  const auto queue = inpaint::queue::make_bullmq_queue({"127.0.0.1", port, "bench"}, {});
  std::latch left(jobs);
  std::vector<std::jthread> workers;
  for (int i = 0; i < concurrency; ++i) workers.emplace_back([&] { work(*queue, left); });
  say("Ready");
  if (role != "work") {
    std::getchar();
    produce(*queue, jobs);
  }
  if (role == "produce") return 0;
  left.wait();
  say("Done");
}
