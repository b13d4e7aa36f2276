#include "accounts/rules.h"

#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

namespace inpaint::accounts {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_local_part(std::string_view local) {
  constexpr std::string_view kSymbols = ".!#$%&'*+/=?^_`{|}~-";
  if (local.empty() || local.size() > 64 || local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != std::string_view::npos) return false;
  return std::all_of(local.begin(), local.end(), [&](char c) {
    return is_alphanumeric(c) || kSymbols.find(c) != std::string_view::npos;
  });
}

bool is_domain_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_domain(std::string_view domain) {
  if (domain == "localhost") return true;
  if (domain.find('.') == std::string_view::npos) return false;
  while (true) {
    const std::size_t dot = domain.find('.');
    if (!is_domain_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

}  // namespace

std::optional<std::string> name_problem(std::string_view name) {
  constexpr UChar32 kCurlyApostrophe = 0x2019;
  constexpr UChar32 kHyphen = 0x2010;
  constexpr UChar32 kZeroWidthJoiners[] = {0x200C,
                                           0x200D};  // part of the spelling in Persian and Indic scripts
  const icu::UnicodeString text =
      icu::UnicodeString::fromUTF8({name.data(), static_cast<std::int32_t>(name.size())});
  bool has_letter = false;
  bool allowed = true;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    const std::uint32_t category = U_GET_GC_MASK(c);
    const bool letter = (category & U_GC_L_MASK) != 0;
    has_letter = has_letter || letter;
    allowed = allowed && (letter || (category & U_GC_M_MASK) != 0 || c == ' ' || c == '-' || c == '\'' ||
                          c == kCurlyApostrophe || c == kHyphen || c == kZeroWidthJoiners[0] ||
                          c == kZeroWidthJoiners[1]);
  }
  if (!allowed || !has_letter) {
    return "must consist of letters, spaces, hyphens and apostrophes, with at least one letter";
  }
  return std::nullopt;
}

std::optional<std::string> email_problem(std::string_view email) {
  const std::size_t at = email.rfind('@');
  if (email.size() > kMaximumEmail || at == std::string_view::npos || !is_local_part(email.substr(0, at)) ||
      !is_domain(email.substr(at + 1))) {
    return "must be an e-mail address such as ada@example.org";
  }
  return std::nullopt;
}

std::optional<std::string> password_problem(std::string_view password) {
  // Every byte of UTF-8 that does not continue a character begins one.
  const auto characters = std::count_if(password.begin(), password.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  if (characters < std::ptrdiff_t{kMinimumPassword}) return "must have at least 8 characters";
  if (password.size() > kMaximumPasswordBytes) {
    return "must have at most 72 bytes (letters with accents take two)";
  }
  return std::nullopt;
}

std::string lower_case(std::string_view email) {
  std::string lower(email);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

}  // namespace inpaint::accounts
