#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace inpaint {

// A moment, in milliseconds since 1970-01-01 UTC. The databases hold this number.
struct Timestamp {
  std::int64_t unix_ms = 0;

  static Timestamp now() {
    return {std::chrono::duration_cast<std::chrono::milliseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count()};
  }
  // "2026-01-31T12:00:00.000Z"
  std::string to_iso() const;
  friend auto operator<=>(Timestamp, Timestamp) = default;
  friend Timestamp operator+(Timestamp t, std::chrono::milliseconds d) { return {t.unix_ms + d.count()}; }
};

}  // namespace inpaint
