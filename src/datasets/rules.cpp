#include "datasets/rules.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/uuid.h"

namespace inpaint::datasets {

std::optional<std::string> name_problem(std::string_view name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (std::ranges::any_of(name, is_control)) return "must not contain control characters";
  if (name == "." || name == "..") return "must not be . or ..";
  if (Uuid::parse(name)) return "must not look like an id (a UUID)";
  return std::nullopt;
}

std::optional<media::SamplingRate> parse_sampling_rate(std::string_view text) {
  if (text == "native") return media::SamplingRate{std::nullopt};
  constexpr std::size_t kDecimals = 3;
  constexpr std::int64_t kThousand = 1000, kLargest = 120 * kThousand;
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (whole.empty() || decimals.size() > kDecimals || (point != std::string_view::npos && decimals.empty())) {
    return std::nullopt;
  }
  std::string digits(whole);
  digits.append(decimals).append(kDecimals - decimals.size(), '0');
  std::int64_t thousandths = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), thousandths);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || thousandths < 1 || thousandths > kLargest) return std::nullopt;
  const std::int64_t divisor = std::gcd(thousandths, kThousand);
  return media::SamplingRate{media::Fraction{thousandths / divisor, kThousand / divisor}};
}

}  // namespace inpaint::datasets
