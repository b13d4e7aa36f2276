#pragma once

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
};

// Works on one delivery of a job until the inference has ended, the lease is lost or `shutdown` is asked
// for, and tells the queue. It goes on where an earlier delivery stopped. Failures end up in the queue and
// the log, never with the caller.
void deliver(const Workshop& workshop, const queue::LeasedJob& job, const std::stop_token& shutdown) noexcept;

}  // namespace inpaint::inferences
