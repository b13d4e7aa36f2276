#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "database/database.h"
#include "inferences/background_loop.h"
#include "inferences/relay.h"
#include "queue/queue.h"
#include "storage/storage.h"
#include "storage/temporary_area.h"

namespace inpaint::inferences {

struct SweeperOptions {
  std::chrono::milliseconds job_interval = std::chrono::seconds(30);
  std::chrono::milliseconds file_interval = std::chrono::hours(1);
  // A blob that no row names is kept for so long, because its row may be about to be written.
  std::chrono::milliseconds blob_grace = std::chrono::hours(1);
  // Not in the data directory: being alone there says nothing of who else stores blobs.
  bool files_are_elsewhere = false;
  // So long the pictures of a dataset are kept that is deleted, or whose owner's account is.
  std::chrono::milliseconds retention = std::chrono::hours(30 * 24);
  // A live inference to which nothing happens for so long is rung again.
  std::chrono::milliseconds silence = std::chrono::minutes(1);
};

// Puts right what a crash, a lost queue or a bug left wrong.
class Sweeper {
 public:
  Sweeper(database::Database& database, queue::Queue& queue, storage::Storage& storage,
          storage::TemporaryArea& temporary, const SweeperOptions& options);

  // Also sweeps at once. A process that is alone on its data needs no grace for what is older than itself.
  void start();
  void stop();

  // Rings for live inferences that were forgotten. Ringing for one that is in the queue changes nothing.
  void ring_for_silent();
  // Settles reservations whose inference ended without them.
  void settle_forgotten();
  // Removes what was stored before `before` and belongs to nothing. How many blobs. What can't be removed now
  // is left for the next time; one step that fails holds up no other, and is thrown at the end.
  std::int64_t sweep_files(Timestamp before);
  // The blobs alone. Throws what the storage and the database throw, but passes over a blob that can't be
  // removed.
  std::int64_t remove_unnamed_blobs(Timestamp before);

 private:
  void sweep_jobs();
  bool is_named(const std::string& key);
  std::int64_t remove_all(const std::vector<std::string>& keys);

  database::Database& database_;
  queue::Queue& queue_;
  storage::Storage& storage_;
  storage::TemporaryArea& temporary_;
  const SweeperOptions options_;
  Timestamp files_before_start_;  // written by processes that are dead
  BackgroundLoop jobs_;
  BackgroundLoop files_;
};

}  // namespace inpaint::inferences
