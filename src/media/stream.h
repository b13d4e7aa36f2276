// C streams, the one kind of input and output that both codecs take: a file, or bytes in memory.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>

#include "base/error.h"

namespace inpaint::media {

struct CloseStream {
  void operator()(std::FILE* stream) const { std::fclose(stream); }
};
using Stream = std::unique_ptr<std::FILE, CloseStream>;

// Both throw kInvalid BAD_IMAGE when there is nothing to read.
Stream open_for_reading(const std::filesystem::path& file);
Stream open_memory(std::span<const std::uint8_t> bytes);
std::int64_t size_bytes(std::FILE* stream);

// What errno says of a write that failed: kUnavailable STORAGE_FULL, or STORAGE_UNAVAILABLE for any other
// reason.
Error writing_error();
// Both throw it.
Stream open_for_writing(const std::filesystem::path& file);
// Writes out what is buffered.
void finish_writing(Stream stream);

}  // namespace inpaint::media
