#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "base/uuid.h"
#include "database/database.h"

namespace inpaint::datasets {

// Tells that an upload to a dataset is under way, so that the sweeper, which takes files that no row names
// after an hour, leaves those of the dataset alone: a row that is renewed while files are stored. Most
// uploads end within a minute and have none. Thread-safe.
class UploadRecord {
 public:
  struct Times {
    std::chrono::milliseconds renewal = std::chrono::minutes(1);
    // Shorter than the sweeper's grace: who has said nothing for longer may have lost files.
    std::chrono::milliseconds silence = std::chrono::minutes(50);
  };

  UploadRecord(database::Database& database, const DatasetId& dataset, const Times& times);
  UploadRecord(database::Database& database, const DatasetId& dataset)
      : UploadRecord(database, dataset, Times()) {}
  // Takes the row away, unless it is to end with a transaction.
  ~UploadRecord();
  UploadRecord(const UploadRecord&) = delete;
  UploadRecord& operator=(const UploadRecord&) = delete;

  // Before each file is stored. Throws kUnavailable UPLOAD_TOO_SLOW when files may have been swept.
  void renew();

  // In the transaction whose rows name the files. Throws as renew() does.
  void end(database::Session& sql);

 private:
  void check_silence() const;

  database::Database& database_;
  const std::string id_;
  const DatasetId dataset_;
  const Times times_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point renewed_at_;
  bool has_row_ = false;
  bool is_ending_ = false;
};

}  // namespace inpaint::datasets
