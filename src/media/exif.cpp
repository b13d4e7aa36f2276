#include "media/exif.h"

#include <cstddef>

namespace inpaint::media {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShortType = 3;
constexpr std::size_t kEntrySize = 12;

// Integers of a TIFF block; whatever lies outside reads as 0, which no valid field is.
class TiffBlock {
 public:
  explicit TiffBlock(std::span<const std::uint8_t> bytes) : bytes_(bytes) {
    little_endian_ = bytes.size() >= 2 && bytes[0] == 'I' && bytes[1] == 'I';
    big_endian_ = bytes.size() >= 2 && bytes[0] == 'M' && bytes[1] == 'M';
  }

  bool is_valid() const { return (little_endian_ || big_endian_) && read(2, 2) == 42; }
  std::size_t size() const { return bytes_.size(); }

  std::uint32_t read(std::size_t offset, std::size_t count) const {
    if (offset > bytes_.size() || bytes_.size() - offset < count) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value = value << 8 | bytes_[offset + (little_endian_ ? count - 1 - i : i)];
    }
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool little_endian_;
  bool big_endian_;
};

}  // namespace

Orientation exif_orientation(std::span<const std::uint8_t> tiff) {
  const TiffBlock block(tiff);
  if (!block.is_valid()) return Orientation::kNormal;
  const std::size_t directory = block.read(4, 4);
  const std::uint32_t entries = block.read(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntrySize;
    if (entry >= block.size()) break;
    if (block.read(entry, 2) != kOrientationTag) continue;
    const std::uint32_t value = block.read(entry + 8, 2);
    const bool known = block.read(entry + 2, 2) == kShortType && value >= 1 && value <= 8;
    return known ? static_cast<Orientation>(value) : Orientation::kNormal;
  }
  return Orientation::kNormal;
}

}  // namespace inpaint::media
