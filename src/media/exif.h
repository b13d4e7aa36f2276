#pragma once

#include <cstdint>
#include <span>

#include "media/orientation.h"

namespace inpaint::media {

// The Orientation entry of a TIFF block (what follows "Exif\0\0" in a JPEG's APP1, or a PNG's eXIf chunk).
// Anything odd counts as "stored upright": a damaged note must not cost anybody a good picture.
Orientation exif_orientation(std::span<const std::uint8_t> tiff);

}  // namespace inpaint::media
