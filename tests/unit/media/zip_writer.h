// Writes ZIP archives record by record (APPNOTE 6.3.10), so that they can lie. Content is stored as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace inpaint::media::test {

class ZipWriter {
 public:
  struct Options {
    unsigned flags = 0;   // 1: encrypted, 0x800: the name is UTF-8
    unsigned method = 0;  // stored
    unsigned unix_mode = 0100644;
    std::optional<std::size_t> claimed_size = std::nullopt;  // what it is said to expand to
  };

  ZipWriter& add(const std::string& name, const std::string& content) {
    return add(name, content, Options{});
  }
  ZipWriter& add(const std::string& name, const std::string& content, const Options& options) {
    const std::size_t offset = entries_.size();
    std::string common;
    for (const unsigned value : {options.flags, options.method, 0U, 0x21U}) put(common, value, 2);
    put(common, crc32(content), 4);
    put(common, content.size(), 4);
    put(common, options.claimed_size.value_or(content.size()), 4);
    put(common, name.size(), 2);
    put(common, 0, 2);  // no extra fields
    entries_ += std::string("PK\x03\x04\x14\x00", 6) + common + name + content;
    directory_ += std::string("PK\x01\x02\x14\x03\x14\x00", 8) + common;
    for (int i = 0; i < 3; ++i) put(directory_, 0, 2);
    put(directory_, std::size_t{options.unix_mode} << 16U, 4);
    put(directory_, offset, 4);
    directory_ += name;
    ++count_;
    return *this;
  }

  std::string bytes() const {
    std::string end("PK\x05\x06\x00\x00\x00\x00", 8);
    put(end, count_, 2);
    put(end, count_, 2);
    put(end, directory_.size(), 4);
    put(end, entries_.size(), 4);
    put(end, 0, 2);
    return entries_ + directory_ + end;
  }

 private:
  static void put(std::string& to, std::size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
  }
  static std::size_t crc32(const std::string& content) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char c : content) {
      crc ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
    return ~crc;
  }

  std::string entries_;
  std::string directory_;
  std::size_t count_ = 0;
};

}  // namespace inpaint::media::test
