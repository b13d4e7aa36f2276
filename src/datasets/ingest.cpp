#include "datasets/ingest.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/machine.h"
#include "credits/ledger.h"
#include "credits/prices.h"
#include "datasets/archive_staging.h"
#include "datasets/repository.h"
#include "http/text.h"

namespace inpaint::datasets {
namespace {

using database::Session;

constexpr std::int64_t kMostMemoryForDecoding = 1LL << 30;
constexpr std::int64_t kRefusedPictures = 20;  // of the largest size, that one archive may have decoded

repository::Extent extent_of(const std::vector<StagedUpload>& uploads) {
  repository::Extent extent;
  extent.uploads = static_cast<std::int64_t>(uploads.size());
  for (const StagedUpload& upload : uploads) {
    const auto items = static_cast<std::int64_t>(upload.items.size());
    extent.items += items;
    if (upload.type == ItemType::kVideo) extent.video_items += items;
  }
  return extent;
}

Credits archive_price(const std::vector<StagedUpload>& uploads) {
  Credits price;
  for (const StagedUpload& upload : uploads) {
    price += upload.type == ItemType::kVideo
                 ? credits::archived_video(static_cast<std::int64_t>(upload.items.size()))
                 : credits::kArchivePair;
  }
  return price;
}

void insert_uploads(Session& sql, const DatasetId& dataset, const std::vector<StagedUpload>& uploads,
                    repository::Place place) {
  for (const StagedUpload& upload : uploads) {
    for (const StagedItem& staged : upload.items) {
      const Item item{place.item_index,   staged.image_path,  staged.mask_path, upload.type,
                      place.upload_index, staged.frame_index, staged.frame_time};
      repository::insert_item(sql, dataset, item, upload.name);
      ++place.item_index;
    }
    if (upload.video) repository::insert_video(sql, dataset, place.upload_index, *upload.video);
    ++place.upload_index;
  }
}

bool has_archive_name(const http::UploadedFile& file) {
  return http::lower_case(file.file_name).ends_with(".zip");
}

// Documents of many kinds are ZIP archives inside.
void check_archive(const http::UploadedFile& file) {
  if (!media::is_archive(file.path)) {
    throw invalid("UNSUPPORTED_FORMAT", "The file's name ends in .zip, but its content is no ZIP archive.");
  }
  if (!has_archive_name(file)) {
    throw invalid("UNSUPPORTED_FORMAT",
                  "The file's content is a ZIP archive, but its name does not end in .zip.");
  }
}

}  // namespace

Ingest::Ingest(database::Database& database, storage::Storage& storage,
               const storage::TemporaryArea& temporary, const media::Limits& limits,
               const media::VideoLimits& video_limits, const media::ArchiveLimits& archive_limits)
    : database_(database),
      storage_(storage),
      temporary_(temporary),
      limits_(limits),
      video_limits_(video_limits),
      archive_limits_(archive_limits),
      memory_(std::min(kMostMemoryForDecoding, machine().memory_bytes / 4)) {}

Receipt Ingest::add_pair(const UserId& owner, const std::string& dataset_name,
                         const http::UploadedFile& image, const http::UploadedFile& mask,
                         const media::SamplingRate& rate) {
  const bool is_video = media::detect_video(image.path).has_value();
  const Credits price = is_video ? credits::kVideoUploadFrame : credits::kImageUpload;
  const Purse purse = open(owner, dataset_name);
  UploadRecord record(database_, purse.dataset.id);
  Stager stager({storage_, record, temporary_, limits_, video_limits_, memory_}, purse.dataset.id);
  // The charge itself decides again.
  stager.stage(image, mask, rate, [&](std::int64_t items) {
    if (purse.balance < price * items) credits::throw_insufficient(price * items, purse.balance);
  });
  const auto items = static_cast<std::int64_t>(stager.uploads().front().items.size());
  return commit(owner, purse.dataset, record, stager, price * items,
                (is_video ? "Upload of a video to " : "Upload of an image to ") + purse.dataset.name);
}

bool Ingest::is_archive(const http::UploadedFile& file) {
  return has_archive_name(file) || media::is_archive(file.path);
}

Receipt Ingest::add_archive(const UserId& owner, const std::string& dataset_name,
                            const http::UploadedFile& archive, const media::SamplingRate& rate) {
  check_archive(archive);
  const Purse purse = open(owner, dataset_name);
  // The least that so many items may cost; the charge itself knows more.
  const auto check = [&](std::int64_t items, std::int64_t pairs) {
    const Credits least = std::max(credits::kVideoUploadFrame * items, credits::kArchivePair);
    if (purse.balance < least) {
      credits::throw_insufficient(std::max(least, credits::kArchivePair * pairs), purse.balance);
    }
  };
  RefusalBudget refusals(kRefusedPictures * limits_.maximum_pixels);
  UploadRecord record(database_, purse.dataset.id);
  const StagingTools tools{storage_, record, temporary_, limits_, video_limits_, memory_, &refusals};
  Stager stager(tools, purse.dataset.id);
  std::vector<Skipped> skipped =
      stage_archive(archive.path, archive_limits_, tools, purse.dataset.id, rate, check, stager);
  Receipt receipt = commit(owner, purse.dataset, record, stager, archive_price(stager.uploads()),
                           "Upload of a ZIP archive to " + purse.dataset.name);
  receipt.skipped = std::move(skipped);
  return receipt;
}

Ingest::Purse Ingest::open(const UserId& owner, const std::string& dataset_name) {
  return database_.read([&](Session& sql) {
    std::optional<Dataset> dataset = repository::find(sql, owner, dataset_name);
    if (!dataset) throw not_found("There is no such dataset.");
    return Purse{*std::move(dataset), credits::balance(sql, owner)};
  });
}

Receipt Ingest::commit(const UserId& owner, const Dataset& dataset, UploadRecord& record, Stager& staged,
                       Credits price, const std::string& description) {
  const repository::Extent extent = extent_of(staged.uploads());
  const Credits remaining = staged.keep_if_committed([&] {
    return database_.transaction([&](Session& sql) {
      const auto place = repository::take_places(sql, owner, dataset.id, extent);
      if (!place) throw conflict("DATASET_CHANGED", "The dataset was deleted during the upload.");
      record.end(sql);
      insert_uploads(sql, dataset.id, staged.uploads(), *place);
      return credits::charge_upload(sql, owner, price, Uuid::make(), description);
    });
  });
  log::info("datasets", "stored an upload",
            {{"dataset", dataset.id.to_string()}, {"user", owner.to_string()}, {"items", extent.items}});
  return {extent.items, price, remaining, {}};
}

}  // namespace inpaint::datasets
