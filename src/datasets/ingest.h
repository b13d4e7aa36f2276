#pragma once

#include <cstdint>
#include <string>

#include "base/credits.h"
#include "base/uuid.h"
#include "database/database.h"
#include "datasets/memory_budget.h"
#include "http/message.h"
#include "media/media.h"
#include "storage/storage.h"
#include "storage/temporary_area.h"

namespace inpaint::datasets {

// What an upload came to.
struct Receipt {
  std::int64_t processed_items = 0;
  Credits tokens_used;
  Credits tokens_remaining;
};

// Turns an upload into items of a dataset: judged by content, decoded whole, stored, and paid for in the
// transaction that makes the item visible. What is refused or fails leaves nothing behind. Thread-safe.
class Ingest {
 public:
  Ingest(database::Database& database, storage::Storage& storage, const storage::TemporaryArea& temporary,
         const media::Limits& limits);

  // The files are used up when it succeeds. Throws kNotFound (no such dataset), what media/ says of the
  // files, kPaymentRequired INSUFFICIENT_TOKENS, kConflict DATASET_CHANGED (deleted meanwhile).
  Receipt add_pair(const UserId& owner, const std::string& dataset, const http::UploadedFile& image,
                   const http::UploadedFile& mask);

 private:
  database::Database& database_;
  storage::Storage& storage_;
  const storage::TemporaryArea& temporary_;
  const media::Limits limits_;
  MemoryBudget memory_;
};

}  // namespace inpaint::datasets
