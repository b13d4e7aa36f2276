#include "base/uuid.h"

#include <openssl/rand.h>

#include <algorithm>
#include <chrono>
#include <span>

#include "base/error.h"

namespace inpaint {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;

bool is_dash_position(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

bool is_lower_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// The system's random bytes, drawn a kilobyte at a time, because a draw costs far more than an id's bytes.
// For one thread. Ids are names and not secrets, so that what is drawn may wait here.
class RandomBytes {
 public:
  void fill(std::span<unsigned char> bytes) {
    if (drawn_.size() - used_ < bytes.size()) draw();
    std::copy_n(drawn_.begin() + static_cast<std::ptrdiff_t>(used_), bytes.size(), bytes.begin());
    used_ += bytes.size();
  }

 private:
  void draw() {
    if (RAND_bytes(drawn_.data(), static_cast<int>(drawn_.size())) != 1) {
      throw internal("the system gave no random bytes");
    }
    used_ = 0;
  }

  std::array<unsigned char, 1024> drawn_{};
  std::size_t used_ = drawn_.size();
};

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string lower(text);
  for (std::size_t i = 0; i < lower.size(); ++i) {
    char& c = lower[i];
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    if (is_dash_position(i) ? c != '-' : !is_lower_hex(c)) return std::nullopt;
  }
  return Uuid{std::move(lower)};
}

Uuid Uuid::make() {
  thread_local RandomBytes random;
  std::array<unsigned char, 16> bytes{};
  random.fill(bytes);
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const auto nanoseconds = static_cast<std::uint64_t>(now.count());
  const std::uint64_t milliseconds = nanoseconds / kNanosecondsPerMillisecond;
  // The part of the millisecond, in 4096ths, where RFC 9562 (6.2, method 3) allows it: ids that are made
  // within one millisecond sort in their order too.
  const std::uint64_t part = nanoseconds % kNanosecondsPerMillisecond * 4096 / kNanosecondsPerMillisecond;
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(milliseconds >> (40 - 8 * i));
  bytes[6] = static_cast<unsigned char>(0x70U | part >> 8U);
  bytes[7] = static_cast<unsigned char>(part);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);

  std::string text;
  text.reserve(36);
  for (const unsigned char byte : bytes) {
    if (is_dash_position(text.size())) text += '-';
    text += kHexDigits[byte >> 4U];
    text += kHexDigits[byte & 0x0FU];
  }
  return Uuid{std::move(text)};
}

}  // namespace inpaint
