#include <memory>
#include <utility>

#include "base/error.h"
#include "datasets/staging.h"

namespace inpaint::datasets {
namespace {

// What decoding takes for every pixel of a frame: some twenty frames that a decoder may keep, of one and a
// half bytes a pixel, and one as R, G, B in two places.
constexpr std::int64_t kBytesForPixel = 36;

// The masks of a video's frames, in order.
class FrameMasks {
 public:
  virtual ~FrameMasks() = default;

  // The frame's mask, or null when it is the one of the frame before. Throws kInvalid FRAME_COUNT_MISMATCH
  // when there are no more.
  virtual const engine::Mask* next() = 0;

  // After the last frame: throws kInvalid FRAME_COUNT_MISMATCH when there are masks left.
  virtual void finish() = 0;
};

// One image for every frame.
class StillMask final : public FrameMasks {
 public:
  explicit StillMask(engine::Mask mask) : mask_(std::move(mask)) {}
  const engine::Mask* next() override { return std::exchange(first_, false) ? &mask_ : nullptr; }
  void finish() override {}

 private:
  engine::Mask mask_;
  bool first_ = true;
};

class MaskVideo final : public FrameMasks {
 public:
  MaskVideo(media::VideoReader masks, media::VideoReader& video) : masks_(std::move(masks)), video_(video) {}

  const engine::Mask* next() override {
    const auto frame = masks_.next();
    if (!frame) throw mismatch(count_, count_ + 1 + count_rest(video_));
    engine::Mask mask = media::mask_of_frame(frame->image, count_);
    const bool is_same = count_ > 0 && mask.pixels == mask_.pixels;
    mask_ = std::move(mask);
    ++count_;
    return is_same ? nullptr : &mask_;
  }

  void finish() override {
    const std::int64_t rest = count_rest(masks_);
    if (rest > 0) throw mismatch(count_ + rest, count_);
  }

 private:
  static std::int64_t count_rest(media::VideoReader& video) {
    std::int64_t count = 0;
    while (video.next()) ++count;
    return count;
  }
  static Error mismatch(std::int64_t masks, std::int64_t frames) {
    return invalid("FRAME_COUNT_MISMATCH", "The mask video has " + std::to_string(masks) +
                                               " frames at this rate but its video has " +
                                               std::to_string(frames) + "; both must have as many.");
  }

  media::VideoReader masks_;
  media::VideoReader& video_;
  engine::Mask mask_;
  std::int64_t count_ = 0;
};

// What decoding the video takes and, where it is one, its mask.
std::int64_t bytes_to_decode(const std::filesystem::path& video, const std::filesystem::path& mask,
                             const media::VideoLimits& limits) {
  std::int64_t pixels = media::pixels_of_frame(video, limits);
  if (media::detect_video(mask)) pixels += media::pixels_of_frame(mask, limits);
  return pixels * kBytesForPixel;
}

// Reads no frame of a video yet.
std::unique_ptr<FrameMasks> open_masks(const http::UploadedFile& mask, media::VideoReader& video,
                                       const media::SamplingRate& rate, const StagingTools& tools) {
  if (const auto format = media::detect_video(mask.path)) {
    media::check_extension(mask.file_name, *format);
    media::VideoReader masks(mask.path, rate, tools.video_limits);
    media::check_same_size(video.width(), video.height(), masks.width(), masks.height());
    return std::make_unique<MaskVideo>(std::move(masks), video);
  }
  media::check_extension(mask.file_name, media::detect_format(mask.path));
  const media::ImageInfo info = media::read_header(mask.path, tools.limits);
  media::check_same_size(video.width(), video.height(), info.width, info.height);
  return std::make_unique<StillMask>(media::read_mask(mask.path, tools.limits));
}

}  // namespace

StagedUpload Stager::stage_video(media::VideoFormat format, const http::UploadedFile& video,
                                 const http::UploadedFile& mask, const media::SamplingRate& rate,
                                 const CheckItems& check) {
  media::check_extension(video.file_name, format);
  // Taken before the readers are there, for they decode the first frames to find out what the video is.
  const media::MemoryBudget::Lease lease =
      tools_.memory.take(bytes_to_decode(video.path, mask.path, tools_.video_limits));
  media::VideoReader reader(video.path, rate, tools_.video_limits);
  check(reader.expected_frames());
  const std::unique_ptr<FrameMasks> masks = open_masks(mask, reader, rate, tools_);

  const std::string stem = directory_ + Uuid::make().to_string();
  StagedUpload upload{
      ItemType::kVideo, video.file_name, {}, Video{reader.time_base(), reader.pixel_aspect()}};
  std::string mask_path;
  while (const auto frame = reader.next()) {
    const auto index = static_cast<std::int64_t>(upload.items.size());
    check(index + 1);
    const std::string frame_stem = stem + "_" + std::to_string(index);
    if (const engine::Mask* holes = masks->next()) {
      mask_path = frame_stem + "_mask.png";
      put_new(mask_path, [&](const auto& file) { media::write_mask(file, *holes); });
    }
    upload.items.push_back({frame_stem + ".jpg", mask_path, index, frame->time});
    put_new(frame_stem + ".jpg", [&](const auto& file) { media::write_jpeg(file, frame->image); });
  }
  masks->finish();
  upload.video->end_time = reader.end_time();
  if (!rate.frames_per_second && reader.has_sound()) {
    upload.video->source_path = stem + "_source." + std::string(media::extension(format));
    put(*upload.video->source_path, video.path);
  }
  return upload;
}

}  // namespace inpaint::datasets
