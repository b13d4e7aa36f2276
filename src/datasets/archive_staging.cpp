#include "datasets/archive_staging.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/machine.h"

namespace inpaint::datasets {
namespace {

constexpr std::size_t kMaximumSkippedLines = 1000;
constexpr std::size_t kMaximumDetails = 20;

// One pair on its way. Once a worker has claimed it, it is that worker's alone.
struct Work {
  std::atomic<bool> claimed = false;
  std::unique_ptr<storage::TemporaryFile> image;
  std::unique_ptr<storage::TemporaryFile> mask;
  std::string reason;  // why it is not valid
  std::unique_ptr<Stager> staged;
};

// What the workers of one archive share.
struct Job {
  const std::filesystem::path& archive;
  const media::ArchiveLimits& limits;
  const StagingTools& tools;
  const DatasetId& dataset;
  const media::SamplingRate& rate;
  const CheckArchive& check;
  const ArchivePlan& plan;
  std::vector<std::int64_t> pair_of;  // for each entry the index of its pair, or -1
  std::vector<Work> works;            // for each pair
  media::ExpansionBudget expansion;
  std::atomic<std::int64_t> possible_pairs;

  std::atomic<std::int64_t> staged_items = 0;
  std::atomic<bool> stopped = false;
  std::mutex mutex{};
  std::exception_ptr failure{};  // the first one that ended a worker

  void fail(std::exception_ptr error) {
    stopped = true;
    const std::scoped_lock lock(mutex);
    if (!failure) failure = std::move(error);
  }
};

bool is_fault_of_pair(const Error& error) {
  if (error.code() == "ARCHIVE_TOO_LARGE" || error.code() == "BAD_ARCHIVE") return false;
  return error.kind() == ErrorKind::kInvalid || error.kind() == ErrorKind::kTooLarge;
}

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// Goes through the archive from its first entry to its last. Who meets a pair's first file first takes the
// pair, so a worker that is held up by a large one leaves what follows to the others.
class Worker {
 public:
  explicit Worker(Job& job) : job_(job), reader_(job.archive, job.limits), mine_(job.works.size()) {}

  void run() {
    while (!job_.stopped) {
      const auto entry = reader_.next();
      if (!entry) return;
      const std::int64_t index = job_.pair_of.at(static_cast<std::size_t>(entry->position));
      if (index >= 0) take(static_cast<std::size_t>(index), *entry);
    }
  }

 private:
  void take(std::size_t index, const media::ArchiveEntry& entry) {
    const ArchivePair& pair = job_.plan.pairs[index];
    const bool first = entry.position == std::min(pair.image_position, pair.mask_position);
    Work& work = job_.works[index];
    if (first) mine_[index] = !work.claimed.exchange(true);
    if (!mine_[index]) return;
    try {
      extract(work, entry.position == pair.image_position);
      if (!first) stage(work, pair);
    } catch (const Error& error) {
      if (!is_fault_of_pair(error)) throw;
      work.reason = error.what();
      work.image.reset();
      work.mask.reset();
      --job_.possible_pairs;
    }
  }

  void extract(Work& work, bool is_image) {
    if (!work.reason.empty()) return;
    auto file = std::make_unique<storage::TemporaryFile>(job_.tools.temporary.new_path());
    reader_.extract(file->path(), job_.expansion);
    (is_image ? work.image : work.mask) = std::move(file);
  }

  void stage(Work& work, const ArchivePair& pair) {
    if (!work.reason.empty()) return;
    work.staged = std::make_unique<Stager>(job_.tools, job_.dataset);
    const http::UploadedFile image{"image", name_of(pair.image_path), work.image->path(), 0};
    const http::UploadedFile mask{"mask", name_of(pair.mask_path), work.mask->path(), 0};
    work.staged->stage(image, mask, job_.rate, [&](std::int64_t items) {
      job_.check(job_.staged_items + items, job_.possible_pairs);
    });
    work.image.reset();
    work.mask.reset();
    for (const StagedUpload& upload : work.staged->uploads()) {
      job_.staged_items += static_cast<std::int64_t>(upload.items.size());
    }
  }

  Job& job_;
  media::ArchiveReader reader_;
  std::vector<bool> mine_;  // which pairs this worker has taken
};

void run_workers(Job& job) {
  {
    std::vector<std::jthread> threads;
    const std::size_t wanted = std::min<std::size_t>(machine().cores, job.works.size());
    for (std::size_t i = 0; i < std::max<std::size_t>(1, wanted); ++i) {
      threads.emplace_back([&job] {
        try {
          Worker(job).run();
        } catch (...) {
          job.fail(std::current_exception());
        }
      });
    }
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

std::vector<media::ArchiveEntry> list(const std::filesystem::path& archive,
                                      const media::ArchiveLimits& limits) {
  media::ArchiveReader reader(archive, limits);
  std::vector<media::ArchiveEntry> entries;
  while (auto entry = reader.next()) entries.push_back(*std::move(entry));
  return entries;
}

std::vector<std::int64_t> pair_of_entries(const ArchivePlan& plan, std::size_t entries) {
  std::vector<std::int64_t> pair_of(entries, -1);
  for (std::size_t i = 0; i < plan.pairs.size(); ++i) {
    for (const std::int64_t position : {plan.pairs[i].image_position, plan.pairs[i].mask_position}) {
      pair_of[static_cast<std::size_t>(position)] = static_cast<std::int64_t>(i);
    }
  }
  return pair_of;
}

// What the plan left out, the pairs that turned out to be none, and the folders that gave nothing.
std::vector<Skipped> all_skipped(const ArchivePlan& plan, const std::vector<Work>& works) {
  std::vector<Skipped> skipped = plan.skipped;
  std::set<std::string> useful;
  for (std::size_t i = 0; i < works.size(); ++i) {
    const ArchivePair& pair = plan.pairs[i];
    if (works[i].reason.empty()) {
      useful.insert(folder_of(pair.image_path));
    } else {
      skipped.push_back({pair.image_path, works[i].reason});
      skipped.push_back({pair.mask_path, "Its image " + name_of(pair.image_path) + " was skipped."});
    }
  }
  for (const std::string& group : plan.groups) {
    if (!useful.contains(group)) skipped.push_back({group + "/", "The folder has no valid pair."});
  }
  return skipped;
}

std::vector<Skipped> shortened(std::vector<Skipped> skipped) {
  if (skipped.size() <= kMaximumSkippedLines) return skipped;
  const std::size_t more = skipped.size() - kMaximumSkippedLines + 1;
  skipped.resize(kMaximumSkippedLines - 1);
  skipped.push_back({"…", std::to_string(more) + " more were skipped."});
  return skipped;
}

[[noreturn]] void throw_none_valid(const std::vector<Skipped>& skipped) {
  std::vector<ErrorDetail> details;
  for (const Skipped& one : skipped) {
    if (details.size() < kMaximumDetails) details.push_back({one.file, one.reason});
  }
  throw invalid("NO_VALID_PAIR", "The ZIP archive has no valid pair of an image and its mask.",
                std::move(details));
}

}  // namespace

std::vector<Skipped> stage_archive(const std::filesystem::path& archive, const media::ArchiveLimits& limits,
                                   const StagingTools& tools, const DatasetId& dataset,
                                   const media::SamplingRate& rate, const CheckArchive& check,
                                   Stager& staged) {
  const std::vector<media::ArchiveEntry> entries = list(archive, limits);
  const ArchivePlan plan = plan_pairs(entries);
  const auto archive_bytes = static_cast<std::int64_t>(std::filesystem::file_size(archive));
  Job job{archive,
          limits,
          tools,
          dataset,
          rate,
          check,
          plan,
          pair_of_entries(plan, entries.size()),
          std::vector<Work>(plan.pairs.size()),
          media::ExpansionBudget(archive_bytes, limits),
          static_cast<std::int64_t>(plan.pairs.size())};
  if (!job.works.empty()) {
    check(1, job.possible_pairs);
    run_workers(job);
  }
  std::vector<Skipped> skipped = all_skipped(plan, job.works);
  if (job.possible_pairs == 0) throw_none_valid(skipped);
  for (Work& work : job.works) {
    if (work.reason.empty()) staged.absorb(std::move(*work.staged));
  }
  return shortened(std::move(skipped));
}

}  // namespace inpaint::datasets
