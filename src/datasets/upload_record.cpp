#include "datasets/upload_record.h"

#include "base/error.h"
#include "base/log.h"
#include "datasets/repository.h"

namespace inpaint::datasets {
namespace {

using std::chrono::steady_clock;

Error too_slow() {
  return {ErrorKind::kUnavailable, "UPLOAD_TOO_SLOW",
          "The upload took too long to store. Nothing was charged. Try again later, or with less at a time."};
}

}  // namespace

UploadRecord::UploadRecord(database::Database& database, const DatasetId& dataset, const Times& times)
    : database_(database),
      id_(Uuid::make().to_string()),
      dataset_(dataset),
      times_(times),
      renewed_at_(steady_clock::now()) {}

UploadRecord::~UploadRecord() {
  if (!has_row_ || is_ending_) return;
  try {
    database_.transaction([&](database::Session& sql) { repository::end_upload(sql, id_); });
  } catch (const std::exception& error) {
    log::warn("datasets", "an upload's record stays until it is swept", {{"reason", error.what()}});
  }
}

void UploadRecord::renew() {
  const std::lock_guard lock(mutex_);
  const auto now = steady_clock::now();
  if (now - renewed_at_ < times_.renewal) return;
  check_silence();
  const bool is_there = database_.transaction([&](database::Session& sql) {
    if (has_row_) return repository::renew_upload(sql, id_, Timestamp::now());
    repository::insert_upload(sql, id_, dataset_, Timestamp::now());
    return true;
  });
  if (!is_there) throw too_slow();
  has_row_ = true;
  renewed_at_ = now;
}

void UploadRecord::end(database::Session& sql) {
  check_silence();
  if (has_row_ && !repository::end_upload(sql, id_)) throw too_slow();
  is_ending_ = true;
}

void UploadRecord::check_silence() const {
  if (steady_clock::now() - renewed_at_ > times_.silence) throw too_slow();
}

}  // namespace inpaint::datasets
