#pragma once

#include <algorithm>
#include <cstdint>

#include "base/credits.h"

namespace inpaint::credits {

// What each operation costs. Only what was stored or delivered is paid for.
inline constexpr Credits kRegistrationGift{100'00};
inline constexpr Credits kImageUpload{65};       // one image + mask pair
inline constexpr Credits kVideoUploadFrame{40};  // one stored frame
inline constexpr Credits kArchivePair{70};       // one image or video, with its mask, inside a ZIP
inline constexpr Credits kImageInference{2'75};  // one image
inline constexpr Credits kFrameInference{1'50};  // one frame of a video
inline constexpr Credits kLargestRecharge{1'000'000'00};

// A long video costs as much inside an archive as outside.
constexpr Credits archived_video(std::int64_t frames) {
  return std::max(kArchivePair, kVideoUploadFrame * frames);
}

}  // namespace inpaint::credits
