#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace inpaint {

// Bytes that are somewhere - in a file, in a bucket - and are read from there piece by piece. For one thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual std::int64_t size_bytes() const = 0;

  // Fills `piece` with the bytes from `offset` on, all of which exist. Throws kInternal or kUnavailable.
  virtual void read(std::int64_t offset, std::span<char> piece) = 0;
};

// A file, which stays readable when it is removed. Throws kNotFound unless it is a regular one.
std::shared_ptr<ByteSource> open_file(const std::filesystem::path& file);

}  // namespace inpaint
