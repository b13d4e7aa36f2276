#pragma once

#include <chrono>
#include <stop_token>

#include "database/database.h"
#include "inferences/backend.h"
#include "queue/queue.h"
#include "storage/storage.h"
#include "storage/temporary_area.h"

namespace inpaint::inferences {

// What working on a job takes.
struct Workshop {
  database::Database& database;
  queue::Queue& queue;
  storage::Storage& storage;
  const Backend& backend;
  const storage::TemporaryArea& temporary;
  queue::Options delivery;  // as the queue was made with
  // After so long a delivery gives way to work whose turn has come (turns.h).
  std::chrono::milliseconds slice = std::chrono::seconds(2);
};

// Works on one delivery of a job until the inference has ended, the lease is lost or `shutdown` is asked
// for. It goes on where an earlier delivery stopped. True: the job is done, and is to be completed; of all
// else the queue has been told. Failures end up in the queue and the log, never with the caller.
bool deliver(const Workshop& workshop, const queue::LeasedJob& job, const std::stop_token& shutdown) noexcept;

}  // namespace inpaint::inferences
