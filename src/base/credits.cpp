#include "base/credits.h"

#include <charconv>

namespace inpaint {

std::optional<Credits> Credits::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
  constexpr std::size_t kMaximumDigits = 15;  // far above kMaximumBalance, far below the range of int64
  if (whole.empty() || whole.size() > kMaximumDigits || fraction.size() > 2) return std::nullopt;
  if (point != std::string_view::npos && fraction.empty()) return std::nullopt;

  std::string digits{whole};
  digits += fraction;
  digits.append(2 - fraction.size(), '0');
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  std::int64_t hundredths = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), hundredths);
  return Credits{negative ? -hundredths : hundredths};
}

std::string Credits::to_string() const {
  const std::int64_t magnitude = hundredths_ < 0 ? -hundredths_ : hundredths_;
  std::string text = hundredths_ < 0 ? "-" : "";
  text += std::to_string(magnitude / 100);
  const std::int64_t fraction = magnitude % 100;
  if (fraction == 0) return text;
  text += '.';
  text += static_cast<char>('0' + fraction / 10);
  if (fraction % 10 != 0) text += static_cast<char>('0' + fraction % 10);
  return text;
}

}  // namespace inpaint
