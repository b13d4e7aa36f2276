#include "inferences/supervisor.h"

#include <algorithm>
#include <utility>

#include "inferences/repository.h"

namespace inpaint::inferences {
namespace {

using database::Session;

// How soon an abort is noticed, and how often progress is written at most.
constexpr std::chrono::milliseconds kLookInterval{200};
constexpr int kMostBeforeTheEnd = 99;  // 100 is for COMPLETED

}  // namespace

Supervisor::Supervisor(database::Database& database, queue::Queue& queue, const queue::LeasedJob& job,
                       std::chrono::milliseconds heartbeat, const std::stop_token& shutdown)
    : database_(database),
      queue_(queue),
      job_(job),
      heartbeat_(heartbeat),
      next_heartbeat_(std::chrono::steady_clock::now() + heartbeat),
      on_shutdown_(shutdown, [this] { decide(Verdict::kShutdown); }),
      loop_("supervisor", std::min(kLookInterval, heartbeat), [this] { look(); }) {
  loop_.start();
}

// The first verdict stands.
void Supervisor::decide(Verdict verdict) {
  Verdict undecided = Verdict::kGoOn;
  verdict_.compare_exchange_strong(undecided, verdict);
  cancel_.cancel();
}

void Supervisor::look() {
  const int percent =
      std::clamp(static_cast<int>(fraction_.load(std::memory_order_relaxed) * 100), 0, kMostBeforeTheEnd);
  const bool running =
      percent == written_percent_
          ? database_.read([&](Session& sql) { return repository::is_running(sql, job_.id); })
          : database_.transaction(
                [&](Session& sql) { return repository::set_progress(sql, job_.id, percent); });
  if (!running) return decide(Verdict::kEnded);
  const bool is_new = percent != std::exchange(written_percent_, percent);
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_heartbeat_) {
    next_heartbeat_ = now + heartbeat_;  // also when the queue is down: it is asked no more often then
    if (!queue_.extend(job_)) return decide(Verdict::kLeaseLost);
  }
  if (is_new) queue_.report_progress(job_, percent);
}

}  // namespace inpaint::inferences
