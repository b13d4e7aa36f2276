#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/credits.h"
#include "base/uuid.h"
#include "database/database.h"
#include "datasets/archive_pairs.h"
#include "datasets/dataset.h"
#include "datasets/staging.h"
#include "http/message.h"
#include "media/media.h"
#include "media/memory_budget.h"
#include "media/video.h"
#include "storage/storage.h"
#include "storage/temporary_area.h"

namespace inpaint::datasets {

// What an upload came to.
struct Receipt {
  std::int64_t processed_items = 0;
  Credits tokens_used;
  Credits tokens_remaining;
  std::vector<Skipped> skipped;  // of an archive
};

// Turns an upload into items of a dataset: judged by content, decoded whole, stored, and paid for in the
// transaction that makes all of its items visible. What is refused or fails leaves nothing behind.
// Thread-safe.
class Ingest {
 public:
  Ingest(database::Database& database, storage::Storage& storage, const storage::TemporaryArea& temporary,
         const media::Limits& limits, const media::VideoLimits& video_limits = {},
         const media::ArchiveLimits& archive_limits = {});

  // An image or a video (of which `rate` says the frames) with its mask. The files are used up when it
  // succeeds. Throws kNotFound (no such dataset), what Stager::stage throws, kPaymentRequired
  // INSUFFICIENT_TOKENS, kConflict DATASET_CHANGED (deleted meanwhile).
  Receipt add_pair(const UserId& owner, const std::string& dataset, const http::UploadedFile& image,
                   const http::UploadedFile& mask, const media::SamplingRate& rate = {});

  // By its name or its content: it is meant for add_archive.
  static bool is_archive(const http::UploadedFile& file);

  // Every valid pair of a ZIP archive, and nothing when there is none. Throws as add_pair and stage_archive
  // do.
  Receipt add_archive(const UserId& owner, const std::string& dataset, const http::UploadedFile& archive,
                      const media::SamplingRate& rate = {});

 private:
  // The dataset, and what its owner can pay.
  struct Purse {
    Dataset dataset;
    Credits balance;
  };
  Purse open(const UserId& owner, const std::string& dataset);

  // Gives what is staged its places, inserts the rows and charges once, all in one transaction.
  Receipt commit(const UserId& owner, const Dataset& dataset, UploadRecord& record, Stager& staged,
                 Credits price, const std::string& description);

  database::Database& database_;
  storage::Storage& storage_;
  const storage::TemporaryArea& temporary_;
  const media::Limits limits_;
  const media::VideoLimits video_limits_;
  const media::ArchiveLimits archive_limits_;
  media::MemoryBudget memory_;
};

}  // namespace inpaint::datasets
