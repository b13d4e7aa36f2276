#include "datasets/staging.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/log.h"

namespace inpaint::datasets {
namespace {

// Refuses what is no picture with its mask, and writes the mask in its stored form. Returns the format of
// the picture.
media::ImageFormat validate_pair(const http::UploadedFile& image, const http::UploadedFile& mask,
                                 const std::filesystem::path& mask_png, const StagingTools& tools) {
  for (const http::UploadedFile* file : {&image, &mask}) {
    media::check_extension(file->file_name, media::detect_format(file->path));
  }
  const media::ImageInfo image_info = media::read_header(image.path, tools.limits);
  const media::ImageInfo mask_info = media::read_header(mask.path, tools.limits);
  media::check_same_size(image_info.width, image_info.height, mask_info.width, mask_info.height);
  const auto lease = tools.memory.take(media::decoded_bytes(image_info) + media::decoded_bytes(mask_info));
  const std::int64_t pixels = 2 * std::int64_t{image_info.width} * image_info.height;
  if (tools.refusals != nullptr) tools.refusals->take(pixels);
  const engine::Mask holes = media::read_mask(mask.path, tools.limits);
  media::check_same_size(media::read_image(image.path, tools.limits), holes);
  media::write_mask(mask_png, holes);
  if (tools.refusals != nullptr) tools.refusals->give_back(pixels);
  return image_info.format;
}

}  // namespace

void RefusalBudget::take(std::int64_t pixels) {
  if ((left_pixels_ -= pixels) >= 0) return;
  throw Error(ErrorKind::kTooLarge, "ARCHIVE_TOO_LARGE",
              "Too many large pictures of the archive are refused. Upload it without them.");
}

Stager::Stager(const StagingTools& tools, const DatasetId& dataset)
    : tools_(tools), directory_("datasets/" + dataset.to_string() + "/") {}

Stager::~Stager() {
  discard_from(0);
}

void Stager::stage(const http::UploadedFile& image, const http::UploadedFile& mask,
                   const media::SamplingRate& rate, const CheckItems& check) {
  const std::size_t blobs_before = blobs_.size();
  try {
    if (const auto format = media::detect_video(image.path)) {
      uploads_.push_back(stage_video(*format, image, mask, rate, check));
    } else {
      check(1);
      uploads_.push_back(stage_image(image, mask));
    }
  } catch (...) {
    discard_from(blobs_before);
    throw;
  }
}

void Stager::absorb(Stager&& other) {
  std::move(other.uploads_.begin(), other.uploads_.end(), std::back_inserter(uploads_));
  std::move(other.blobs_.begin(), other.blobs_.end(), std::back_inserter(blobs_));
  other.uploads_.clear();
  other.blobs_.clear();
}

StagedUpload Stager::stage_image(const http::UploadedFile& image, const http::UploadedFile& mask) {
  if (media::detect_video(mask.path)) {
    throw invalid("UNSUPPORTED_FORMAT", "The mask of a picture must be a picture, not a video.");
  }
  const storage::TemporaryFile mask_png(tools_.temporary.new_path(".png"));
  const media::ImageFormat format = validate_pair(image, mask, mask_png.path(), tools_);
  const std::string stem = directory_ + Uuid::make().to_string();
  const StagedItem item{stem + "." + std::string(media::extension(format)), stem + "_mask.png"};
  put(item.image_path, image.path);
  put(item.mask_path, mask_png.path());
  return {ItemType::kImage, image.file_name, {item}};
}

void Stager::put(const std::string& key, const std::filesystem::path& file) {
  tools_.record.renew();
  blobs_.push_back(key);
  tools_.storage.put_file(key, file);
}

void Stager::put_new(const std::string& key, const std::function<void(const std::filesystem::path&)>& write) {
  const storage::TemporaryFile file(
      tools_.temporary.new_path(std::filesystem::path(key).extension().native()));
  write(file.path());
  put(key, file.path());
}

void Stager::discard_from(std::size_t first) noexcept {
  try {
    for (; blobs_.size() > first; blobs_.pop_back()) tools_.storage.remove(blobs_.back());
  } catch (const std::exception& error) {
    // Others would most likely fail, too, and each after its patience.
    log::warn("datasets", "a refused upload's files stay until they are swept",
              {{"files", static_cast<std::int64_t>(blobs_.size() - first)}, {"reason", error.what()}});
    blobs_.resize(first);
  }
}

}  // namespace inpaint::datasets
