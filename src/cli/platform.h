#pragma once

#include <memory>

#include "cli/config.h"
#include "database/database.h"
#include "inferences/backend.h"
#include "inferences/relay.h"
#include "inferences/sweeper.h"
#include "inferences/worker.h"
#include "inferences/worker_registry.h"
#include "media/media.h"
#include "media/memory_budget.h"
#include "media/video.h"
#include "queue/queue.h"
#include "storage/storage.h"
#include "storage/temporary_area.h"

namespace inpaint::cli {

// What every command that works on the data stands on, opened (the database migrated) in the one right
// order. Which database, queue and storage it is, is decided here.
struct Platform {
  explicit Platform(const Config& config);

  storage::TemporaryArea temporary;
  std::unique_ptr<database::Database> database;
  std::unique_ptr<storage::Storage> storage;
  queue::Options delivery;
  std::unique_ptr<queue::Queue> queue;
  inferences::Relay relay;
  media::Limits limits;
  media::VideoLimits video_limits;
};

// Opens the database alone, without making or migrating anything else. Throws kUnavailable.
std::unique_ptr<database::Database> open_database(const Config& config);

// The same for a command that asks once and may ask for long.
std::unique_ptr<database::Database> open_database_for_one_command(const Config& config);

// The same for one that makes nothing: what is not there is not an empty database. Throws kNotFound.
std::unique_ptr<database::Database> open_present_database(const Config& config);

// The queue alone; the database must outlive it.
std::unique_ptr<queue::Queue> open_queue(const Config& config, database::Database& database,
                                         const queue::Options& options = {});

// The database as a person is told of it: "DIRECTORY", or "NAME on HOST:PORT".
std::string database_name(const Config& config);

// The background work on a platform: carrying rings, working on inferences, sweeping.
class BackgroundWork {
 public:
  BackgroundWork(const Config& config, Platform& platform);

  void start();
  // Inferences under way may finish for half of `grace`; the rest is given back. False as Worker::stop: then
  // the process has to leave().
  [[nodiscard]] bool stop(std::chrono::milliseconds grace);

 private:
  Platform& platform_;
  media::MemoryBudget memory_;
  std::unique_ptr<inferences::Backend> backend_;
  inferences::Sweeper sweeper_;
  std::unique_ptr<storage::Storage> patient_storage_;
  inferences::Worker worker_;
  inferences::WorkerRegistry registry_;
};

}  // namespace inpaint::cli
