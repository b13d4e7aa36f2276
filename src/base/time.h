#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
  // A date, or a date and a time to the minute, second or millisecond, with "Z", "+01:00" or nothing (UTC)
  // behind it. Nothing for any other text and for dates that there are not. A date alone is its beginning.
  static std::optional<Timestamp> parse_iso(std::string_view text);
  friend auto operator<=>(Timestamp, Timestamp) = default;
  friend Timestamp operator+(Timestamp t, std::chrono::milliseconds d) { return {t.unix_ms + d.count()}; }
};

}  // namespace inpaint
