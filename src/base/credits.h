#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace inpaint {

// An amount of tokens, exact: a signed 64-bit count of hundredths. 2.75 tokens are Credits{275}.
class Credits {
 public:
  constexpr Credits() = default;
  constexpr explicit Credits(std::int64_t hundredths) : hundredths_(hundredths) {}

  // Parses a decimal number with at most two places ("12", "0.5", "-3.25", "1e3" is refused).
  // Nothing if the text is anything else or the number does not fit.
  static std::optional<Credits> parse(std::string_view text);

  constexpr std::int64_t hundredths() const { return hundredths_; }

  // The shortest decimal form, as JSON shows it: "100", "97.25", "0.4", "-2.75".
  std::string to_string() const;

  friend constexpr auto operator<=>(Credits, Credits) = default;
  friend constexpr Credits operator+(Credits a, Credits b) { return Credits{a.hundredths_ + b.hundredths_}; }
  friend constexpr Credits operator-(Credits a, Credits b) { return Credits{a.hundredths_ - b.hundredths_}; }
  friend constexpr Credits operator-(Credits a) { return Credits{-a.hundredths_}; }
  friend constexpr Credits operator*(Credits a, std::int64_t n) { return Credits{a.hundredths_ * n}; }
  Credits& operator+=(Credits other) { return *this = *this + other; }

 private:
  std::int64_t hundredths_ = 0;
};

// What DECIMAL(10,2) holds at most: 99,999,999.99 tokens.
inline constexpr Credits kMaximumBalance{9'999'999'999};

}  // namespace inpaint
