#include "inferences/sweeper.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "credits/ledger.h"
#include "inferences/blob_repository.h"
#include "inferences/repository.h"

namespace inpaint::inferences {
namespace {

using database::Session;

constexpr std::size_t kBlobsPerRead = 200;
constexpr std::size_t kJobsPerCall = 200;
constexpr int kFailuresUntilGone = 3;

}  // namespace

Sweeper::Sweeper(database::Database& database, queue::Queue& queue, storage::Storage& storage,
                 storage::TemporaryArea& temporary, const SweeperOptions& options)
    : database_(database),
      queue_(queue),
      storage_(storage),
      temporary_(temporary),
      options_(options),
      files_before_start_(temporary.was_alone() && !options.files_are_elsewhere ? temporary.made_at()
                                                                                : Timestamp{}),
      jobs_("job sweeper", options.job_interval, [this] { sweep_jobs(); }),
      files_("file sweeper", options.file_interval, [this] {
        sweep_files(std::max(Timestamp::now() + -options_.blob_grace, files_before_start_));
      }) {}

void Sweeper::start() {
  for (BackgroundLoop* loop : {&jobs_, &files_}) {
    loop->start();
    loop->wake();
  }
}

void Sweeper::stop() {
  jobs_.stop();
  files_.stop();
}

void Sweeper::sweep_jobs() {
  settle_forgotten();
  ring_for_silent();
}

std::int64_t Sweeper::sweep_files(Timestamp before) {
  std::exception_ptr failure;
  std::int64_t removed = 0;
  const auto try_to = [&](const std::function<void()>& work) {
    try {
      work();
    } catch (const std::exception& error) {
      log::warn("inferences", "a sweep is not complete", {{"reason", error.what()}});
      failure = std::current_exception();
    }
  };
  try_to([&] { temporary_.remove_abandoned(); });
  try_to([&] { database_.transaction([&](Session& sql) { repository::forget_uploads(sql, before); }); });
  try_to([&] { storage_.remove_leftovers(before, [&](const std::string& key) { return is_named(key); }); });
  try_to([&] { removed = remove_unnamed_blobs(before); });
  if (failure) std::rethrow_exception(failure);
  return removed;
}

bool Sweeper::is_named(const std::string& key) {
  const Timestamp gone_before = Timestamp::now() + -options_.retention;
  return database_.read([&](Session& sql) { return repository::is_named(sql, key, gone_before); });
}

// One that can't be removed holds up no other; several in a row say that the storage is not there.
std::int64_t Sweeper::remove_all(const std::vector<std::string>& keys) {
  std::int64_t failures = 0;
  int failures_in_a_row = 0;
  for (const std::string& key : keys) {
    try {
      storage_.remove(key);
      failures_in_a_row = 0;
    } catch (const std::exception& error) {
      log::warn("inferences", "a file that no row names can't be removed",
                {{"key", key}, {"reason", error.what()}});
      ++failures;
      if (++failures_in_a_row == kFailuresUntilGone) throw;
    }
  }
  return std::ssize(keys) - failures;
}

void Sweeper::ring_for_silent() {
  const Timestamp before = Timestamp::now() + -options_.silence;
  const auto silent = database_.read([&](Session& sql) { return repository::silent_since(sql, before); });
  for (std::size_t begin = 0; begin < silent.size(); begin += kJobsPerCall) {
    queue_.add_all(std::span(silent).subspan(begin, std::min(kJobsPerCall, silent.size() - begin)));
  }
}

void Sweeper::settle_forgotten() {
  const auto open = database_.read([](Session& sql) { return repository::reservations_of_ended(sql); });
  for (const repository::OpenReservation& reservation : open) {
    log::error("credits", "an inference ended without its reservation; it is settled now",
               {{"inference", reservation.inference.to_string()}});
    database_.transaction([&](Session& sql) {
      if (reservation.status == Status::kCompleted) {
        credits::confirm(sql, reservation.inference, reservation.refunded, "Refund of the items that failed");
      } else {
        credits::cancel(sql, reservation.inference, "Refund of an inference that ended");
      }
    });
  }
}

std::int64_t Sweeper::remove_unnamed_blobs(Timestamp before) {
  const Timestamp gone_before = Timestamp::now() + -options_.retention;
  std::int64_t removed = 0;
  std::vector<std::string> keys;
  const auto remove_unnamed = [&] {
    std::vector<std::string> unnamed;
    database_.read([&](Session& sql) {
      std::ranges::copy_if(keys, std::back_inserter(unnamed), [&](const std::string& key) {
        return !repository::is_named(sql, key, gone_before);
      });
    });
    removed += remove_all(unnamed);
    keys.clear();
  };
  for (const std::string_view prefix : {"datasets/", "results/"}) {
    storage_.list(prefix, [&](const storage::Storage::Blob& blob) {
      if (blob.stored_at >= before) return;
      keys.push_back(blob.key);
      if (keys.size() == kBlobsPerRead) remove_unnamed();
    });
  }
  remove_unnamed();
  return removed;
}

}  // namespace inpaint::inferences
