// The load of bench/cluster/bullmq.py on our side: one thread adds empty jobs to the queue on Redis as the
// relay does, others take and complete them as workers do. Says when it is ready, and when all are done;
// adding begins when it is told a line.
//
//   bench_queue PORT JOBS CONCURRENCY
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <thread>
#include <vector>

#include "queue/queue.h"

namespace {

using namespace std::chrono_literals;

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
  if (argc != 4) return 2;
  constexpr long kBatch = 100;  // of the relay
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const long jobs = std::atol(argv[2]);
  const auto queue = inpaint::queue::make_bullmq_queue({"127.0.0.1", port, "bench"}, {});
  std::latch left(jobs);
  std::vector<std::jthread> workers;
  for (int i = 0; i < std::atoi(argv[3]); ++i) workers.emplace_back([&] { work(*queue, left); });
  std::puts("Ready");
  std::fflush(stdout);
  std::getchar();
  for (long added = 0; added < jobs; added += kBatch) {
    std::vector<inpaint::queue::Job> batch;
    for (long i = added; i < std::min(added + kBatch, jobs); ++i) {
      batch.push_back({inpaint::InferenceId::make()});
    }
    queue->add_all(batch);
  }
  left.wait();
  std::puts("Done");
  std::fflush(stdout);
}
