#include "datasets/ingest.h"

#include <array>

#include "base/error.h"
#include "base/log.h"
#include "credits/ledger.h"
#include "credits/prices.h"
#include "datasets/repository.h"

namespace inpaint::datasets {
namespace {

using database::Session;

constexpr std::int64_t kMemoryForDecoding = 1LL << 30;

// Blobs that are removed again unless a row names them in the end.
class NewBlobs {
 public:
  explicit NewBlobs(storage::Storage& storage) : storage_(storage) {}
  ~NewBlobs() {
    if (kept_) return;
    for (const std::string& key : keys_) discard(key);
  }
  NewBlobs(const NewBlobs&) = delete;
  NewBlobs& operator=(const NewBlobs&) = delete;

  void put(const std::string& key, const std::filesystem::path& file) {
    keys_.push_back(key);
    storage_.put_file(key, file);
  }
  void keep() { kept_ = true; }

 private:
  void discard(const std::string& key) noexcept {
    try {
      storage_.remove(key);
    } catch (const std::exception& error) {
      log::warn("datasets", "a refused upload's file stays until it is swept", {{"reason", error.what()}});
    }
  }

  storage::Storage& storage_;
  std::vector<std::string> keys_;
  bool kept_ = false;
};

// Before anything is decoded; the charge itself decides again.
void check_affordable(Session& sql, const UserId& user, Credits price) {
  const Credits balance = credits::balance(sql, user);
  if (balance < price) credits::throw_insufficient(price, balance);
}

std::int64_t decoded_bytes(const media::ImageInfo& info) {
  return std::int64_t{info.width} * info.height * info.channels * (info.bits / 8);
}

// Refuses what is no picture with its mask, and writes the mask in its stored form. Returns the format of
// the picture.
media::ImageFormat validate_pair(const http::UploadedFile& image, const http::UploadedFile& mask,
                                 const std::filesystem::path& mask_png, const media::Limits& limits,
                                 MemoryBudget& memory) {
  for (const http::UploadedFile* file : {&image, &mask}) {
    media::check_extension(file->file_name, media::detect_format(file->path));
  }
  const media::ImageInfo image_info = media::read_header(image.path, limits);
  const media::ImageInfo mask_info = media::read_header(mask.path, limits);
  const MemoryBudget::Lease lease = memory.take(decoded_bytes(image_info) + decoded_bytes(mask_info));
  const engine::Mask holes = media::read_mask(mask.path, limits);
  media::check_same_size(media::read_image(image.path, limits), holes);
  media::write_mask(mask_png, holes);
  return image_info.format;
}

}  // namespace

Ingest::Ingest(database::Database& database, storage::Storage& storage,
               const storage::TemporaryArea& temporary, const media::Limits& limits)
    : database_(database),
      storage_(storage),
      temporary_(temporary),
      limits_(limits),
      memory_(kMemoryForDecoding) {}

Receipt Ingest::add_pair(const UserId& owner, const std::string& dataset_name,
                         const http::UploadedFile& image, const http::UploadedFile& mask) {
  const Credits price = credits::kImageUpload;
  const Dataset dataset = database_.read([&](Session& sql) {
    std::optional<Dataset> found = repository::find(sql, owner, dataset_name);
    if (!found) throw not_found("There is no such dataset.");
    check_affordable(sql, owner, price);
    return *std::move(found);
  });

  const storage::TemporaryFile mask_png(temporary_.new_path(".png"));
  const media::ImageFormat format = validate_pair(image, mask, mask_png.path(), limits_, memory_);

  const Uuid upload = Uuid::make();
  const std::string stem = "datasets/" + dataset.id.to_string() + "/" + upload.to_string();
  Item item;
  item.image_path = stem + "." + std::string(media::extension(format));
  item.mask_path = stem + "_mask.png";
  NewBlobs blobs(storage_);
  blobs.put(item.image_path, image.path);
  blobs.put(item.mask_path, mask_png.path());

  const Credits remaining = database_.transaction([&](Session& sql) {
    const auto place = repository::take_place(sql, owner, dataset.id);
    if (!place) throw conflict("DATASET_CHANGED", "The dataset was deleted during the upload.");
    item.index = place->item_index;
    item.upload_index = place->upload_index;
    repository::insert_item(sql, dataset.id, item, image.file_name);
    return credits::charge_upload(sql, owner, price, upload, "Upload of an image to " + dataset.name);
  });
  blobs.keep();
  log::info("datasets", "stored an upload",
            {{"dataset", dataset.id.to_string()}, {"user", owner.to_string()}, {"item", item.index}});
  return {1, price, remaining};
}

}  // namespace inpaint::datasets
