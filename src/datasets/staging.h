#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "database/database.h"
#include "datasets/dataset.h"
#include "datasets/upload_record.h"
#include "http/message.h"
#include "media/media.h"
#include "media/memory_budget.h"
#include "media/sampling_rate.h"
#include "media/video.h"
#include "storage/storage.h"
#include "storage/temporary_area.h"

namespace inpaint::datasets {

// A picture or a frame that is stored, with its mask, but has no place in the dataset yet.
struct StagedItem {
  std::string image_path;  // keys of the storage
  std::string mask_path;
  std::optional<std::int64_t> frame_index = std::nullopt;
  std::optional<std::int64_t> frame_time = std::nullopt;
};

// What one image or video, with its mask, came to: it takes one upload index, and each item an item index.
struct StagedUpload {
  ItemType type = ItemType::kImage;
  std::string name;  // what the user called the file
  std::vector<StagedItem> items;
  std::optional<Video> video = std::nullopt;
};

// How many pixels one archive may have decoded of pairs that are then refused, which nobody pays for.
// Thread-safe.
class RefusalBudget {
 public:
  explicit RefusalBudget(std::int64_t pixels) : left_pixels_(pixels) {}
  // Before a pair is decoded; throws kTooLarge ARCHIVE_TOO_LARGE.
  void take(std::int64_t pixels);
  // When it turned out to be valid.
  void give_back(std::int64_t pixels) { left_pixels_ += pixels; }

 private:
  std::atomic<std::int64_t> left_pixels_;
};

// What staging works with.
struct StagingTools {
  storage::Storage& storage;
  UploadRecord& record;  // of the upload
  const storage::TemporaryArea& temporary;
  const media::Limits& limits;
  const media::VideoLimits& video_limits;
  media::MemoryBudget& memory;
  RefusalBudget* refusals = nullptr;  // null: one pair, which is no archive's
};

// Throws when so many stored items are more than the caller may have (INSUFFICIENT_TOKENS): asked with what
// a header promises, before anything is decoded, and again before each item is stored.
using CheckItems = std::function<void(std::int64_t items)>;

// Validates what one request brings to a dataset and stores it under its final keys, which no row names yet.
// Unless the rows that do are committed (keep_if_committed), all of it is removed again. For one thread.
class Stager {
 public:
  Stager(const StagingTools& tools, const DatasetId& dataset);
  ~Stager();
  Stager(const Stager&) = delete;
  Stager& operator=(const Stager&) = delete;

  // Adds an image or a video with its mask, judged by content; the files are used up. A video's mask is an
  // image for all of its frames or a video of as many frames. Throws what media/ says of the files, kInvalid
  // FRAME_COUNT_MISMATCH, and what `check` throws; then what was staged before is still there, and nothing
  // of this pair. `rate` is for videos.
  void stage(const http::UploadedFile& image, const http::UploadedFile& mask, const media::SamplingRate& rate,
             const CheckItems& check);

  // Takes over what another one has staged for the same dataset.
  void absorb(Stager&& other);

  const std::vector<StagedUpload>& uploads() const { return uploads_; }

  // Runs the transaction whose rows name the blobs, and keeps them when it returns. They also stay when
  // nobody knows whether it was committed: the sweeper takes away what no row names.
  template <typename Transaction>
  auto keep_if_committed(Transaction transaction) {
    try {
      auto result = transaction();
      blobs_.clear();
      return result;
    } catch (const std::exception& error) {
      if (database::is_commit_unknown(error)) blobs_.clear();
      throw;
    }
  }

 private:
  StagedUpload stage_image(const http::UploadedFile& image, const http::UploadedFile& mask);
  StagedUpload stage_video(media::VideoFormat format, const http::UploadedFile& video,
                           const http::UploadedFile& mask, const media::SamplingRate& rate,
                           const CheckItems& check);
  void put(const std::string& key, const std::filesystem::path& file);
  // Stores a file that `write` makes.
  void put_new(const std::string& key, const std::function<void(const std::filesystem::path&)>& write);
  // Removes the blobs from the `first` on.
  void discard_from(std::size_t first) noexcept;

  const StagingTools tools_;
  const std::string directory_;  // of the dataset's blobs
  std::vector<StagedUpload> uploads_;
  std::vector<std::string> blobs_;
};

}  // namespace inpaint::datasets
