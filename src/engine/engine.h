#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "engine/image.h"

namespace inpaint::engine {

enum class Quality { kLow, kMedium, kHigh };
// How the filled pixels are combined with what the hole held before.
enum class BlendMode { kNormal, kLighten, kDarken };

struct Parameters {
  Quality quality = Quality::kMedium;
  BlendMode blend_mode = BlendMode::kNormal;
  std::uint64_t seed = 1;
  int threads = 0;  // 0: one for each core. The result does not depend on it.
};

struct Model {
  std::string_view id;           // "default_inpainting", "telea", "navier-stokes", "overlay"
  std::string_view description;  // a sentence for a person
};

std::span<const Model> models();
bool is_model(std::string_view id);

// Called with a fraction from 0 to 1, never going back, on the calling thread or another.
using Progress = std::function<void(double)>;

// Set from any thread; the engine looks at it often and then throws Error kConflict "CANCELLED". A caller may
// derive another reason to stop from it.
class CancelToken {
 public:
  CancelToken() = default;
  virtual ~CancelToken() = default;
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  virtual bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

// How many bytes inpaint() takes at most, the picture of so many bytes a pixel and the mask included.
// Measured, over all models: the picture and 3 bytes a pixel, and for the largest part that is worked on by
// itself the part, its result and 23 bytes a pixel.
std::int64_t memory_needed(const Mask& mask, std::int64_t bytes_per_pixel);

// Fills the hole of the picture that it is given; a caller that needs it no longer moves it in, which saves
// a copy. Pixels outside the mask and the whole alpha channel are returned unchanged; an empty
// mask returns the input. Throws kInvalid: UNKNOWN_MODEL, MASK_SIZE_MISMATCH, MASK_COVERS_EVERYTHING.
Image inpaint(std::string_view model, Image image, const Mask& mask, const Parameters& parameters,
              const Progress& progress, const CancelToken& cancel);

}  // namespace inpaint::engine
