#include "engine/engine.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "engine/model.h"
#include "engine/pixels.h"
#include "engine/regions.h"
#include "engine/workers.h"

namespace inpaint::engine {
namespace {

constexpr std::array kModels{
    Model{"default_inpainting",
          "Continues lines into the hole and gives it the texture of its surroundings, patch by patch."},
    Model{"telea",
          "Fills from the hole's edge inwards by the fast marching method (Telea 2004). Fast, soft."},
    Model{"navier-stokes",
          "Carries lines of equal brightness into the hole (Bertalmio, Bertozzi and Sapiro 2001). Sharper."},
    Model{"overlay", "Shows the mask at half transparency over the picture, without repairing it."}};
constexpr std::array<Fill, kModels.size()> kFills{fill_by_patches, fill_by_telea, fill_by_navier_stokes,
                                                  fill_by_overlay};

Fill find_fill(std::string_view model) {
  const auto found = std::ranges::find(kModels, model, &Model::id);
  if (found == kModels.end()) {
    throw invalid("UNKNOWN_MODEL", "There is no model \"" + std::string(model) + "\".");
  }
  return kFills[static_cast<std::size_t>(found - kModels.begin())];
}

int threads_of(const Parameters& parameters) {
  if (parameters.threads > 0) return parameters.threads;
  return std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
}

std::size_t index_of(int x, int y, int width) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
}

Image cut_out(const Image& image, const Rectangle& box, Workers& workers) {
  Image part(box.width, box.height, image.channels(), image.bits());
  const std::size_t pixel_bytes = image.row_bytes() / static_cast<std::size_t>(image.width());
  in_bands(workers, box.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      std::memcpy(part.bytes().data() + static_cast<std::size_t>(y) * part.row_bytes(),
                  image.bytes().data() + index_of(box.x, box.y + y, image.width()) * pixel_bytes,
                  part.row_bytes());
    }
  });
  return part;
}

// The region's part of the mask, as Task::hole says.
Mask hole_of(const Region& region, const Regions& regions, const Mask& mask, Workers& workers) {
  const Rectangle& box = region.box;
  Mask part{box.width, box.height, std::vector<std::uint8_t>(index_of(0, box.height, box.width))};
  in_bands(workers, box.height, [&](int first, int last) {
    for (int y = first; y < last; ++y) {
      const std::uint8_t* from = mask.pixels.data() + index_of(box.x, box.y + y, mask.width);
      std::uint8_t* to = part.pixels.data() + index_of(0, y, box.width);
      for (int x = 0; x < box.width; ++x) {
        if (from[x] == 0) continue;
        to[x] = regions.label_at(box.x + x, box.y + y) == region.label ? kHole : kHoleElsewhere;
      }
    }
  });
  return part;
}

std::uint32_t blended(BlendMode mode, std::uint32_t before, std::uint32_t filled) {
  switch (mode) {
    case BlendMode::kNormal:
      return filled;
    case BlendMode::kLighten:
      return std::max(before, filled);
    case BlendMode::kDarken:
      return std::min(before, filled);
  }
  return filled;
}

// Puts the holes that are the region's own back into a row of the picture, and nothing else.
void put_back_row(const Image& filled, const Region& region, int y, const Mask& hole, BlendMode mode,
                  Image& picture) {
  const auto channels = static_cast<std::size_t>(picture.channels());
  for (int x = 0; x < region.box.width; ++x) {
    const std::size_t from = index_of(x, y, region.box.width);
    if (hole.pixels[from] != kHole) continue;
    const std::size_t to = index_of(region.box.x + x, region.box.y + y, picture.width());
    for (std::size_t channel = 0; channel < colour_channels(picture); ++channel) {
      const std::uint32_t before = sample_at(picture, to * channels + channel);
      const std::uint32_t after = sample_at(filled, from * channels + channel);
      set_sample(picture, to * channels + channel, blended(mode, before, after));
    }
  }
}

}  // namespace

std::span<const Model> models() {
  return kModels;
}

bool is_model(std::string_view id) {
  return std::ranges::find(kModels, id, &Model::id) != kModels.end();
}

std::int64_t memory_needed(const Mask& mask, std::int64_t bytes_per_pixel) {
  constexpr std::int64_t kBesidePicture = 3;  // the mask, and what a codec keeps
  constexpr std::int64_t kBesidePart = 23;
  const Regions regions(mask);
  std::int64_t largest = 0;
  for (const Region& region : regions.list()) {
    largest = std::max(largest, std::int64_t{region.box.width} * region.box.height);
  }
  return std::ssize(mask.pixels) * (bytes_per_pixel + kBesidePicture) +
         largest * (2 * bytes_per_pixel + kBesidePart);
}

Image inpaint(std::string_view model, Image image, const Mask& mask, const Parameters& parameters,
              const Progress& progress, const CancelToken& cancel) {
  const Fill fill = find_fill(model);
  if (mask.width != image.width() || mask.height != image.height()) {
    throw invalid("MASK_SIZE_MISMATCH", "The mask does not have the size of the picture.");
  }
  const Regions regions(mask);
  if (regions.holes() == mask.pixels.size()) {
    throw invalid("MASK_COVERS_EVERYTHING",
                  "The mask is white everywhere: nothing of the picture is left to fill the hole from.");
  }
  Workers workers(regions.list().empty() ? 1 : threads_of(parameters), cancel);
  std::size_t done = 0;
  for (const Region& region : regions.list()) {
    throw_if_cancelled(cancel);
    const auto report = [&](double fraction) {
      if (!progress) return;
      progress((static_cast<double>(done) + fraction * static_cast<double>(region.holes)) /
               static_cast<double>(regions.holes()));
    };
    const Image part = cut_out(image, region.box, workers);
    const Mask hole = hole_of(region, regions, mask, workers);
    const Image filled = fill({part, hole, parameters, workers, report});
    in_bands(workers, region.box.height, [&](int first, int last) {
      for (int y = first; y < last; ++y) {
        put_back_row(filled, region, y, hole, parameters.blend_mode, image);
      }
    });
    report(1);
    done += region.holes;
  }
  throw_if_cancelled(cancel);
  return image;
}

}  // namespace inpaint::engine
