#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>

#include "database/database.h"
#include "engine/engine.h"
#include "inferences/background_loop.h"
#include "queue/queue.h"

namespace inpaint::inferences {

// Watches over one delivery while its items are worked on: extends the lease, writes the progress, and
// cancels the work when it has lost its sense.
class Supervisor {
 public:
  enum class Verdict { kGoOn, kEnded, kLeaseLost, kShutdown, kGiveWay };

  Supervisor(database::Database& database, queue::Queue& queue, const queue::LeasedJob& job,
             std::chrono::milliseconds heartbeat, const std::stop_token& shutdown);
  ~Supervisor() { loop_.stop(); }

  Verdict verdict() const { return verdict_.load(); }
  const engine::CancelToken& cancel() const { return cancel_; }
  // How much of the whole is done, from 0 to 1. Cheap; written to the database a few times a second.
  void report(double fraction) { fraction_.store(fraction, std::memory_order_relaxed); }
  // The work found out itself that the inference is not running any more.
  void notice_end() { decide(Verdict::kEnded); }
  // The work stops for another's turn.
  void give_way() { decide(Verdict::kGiveWay); }

 private:
  void look();
  void decide(Verdict verdict);

  database::Database& database_;
  queue::Queue& queue_;
  const queue::LeasedJob& job_;
  const std::chrono::milliseconds heartbeat_;
  std::chrono::steady_clock::time_point next_heartbeat_;
  std::atomic<double> fraction_ = 0;
  int written_percent_ = -1;
  std::atomic<Verdict> verdict_ = Verdict::kGoOn;
  engine::CancelToken cancel_;
  std::stop_callback<std::function<void()>> on_shutdown_;
  BackgroundLoop loop_;
};

}  // namespace inpaint::inferences
