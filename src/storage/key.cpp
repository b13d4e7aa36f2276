#include "storage/key.h"

#include <algorithm>

#include "base/error.h"

namespace inpaint::storage {
namespace {

constexpr std::size_t kMaximumLength = 512;

// Not std::isalnum: what a key may hold must not depend on the locale.
bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

bool is_segment(std::string_view text) {
  return !text.empty() && text.front() != '.' && std::ranges::all_of(text, is_key_character);
}

}  // namespace

bool is_key(std::string_view key) {
  bool valid = key.size() <= kMaximumLength;
  for (std::string_view rest = key; valid;) {
    const std::size_t slash = rest.find('/');
    valid = is_segment(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  return valid;
}

void check_key(std::string_view key) {
  if (!is_key(key)) throw invalid("BAD_STORAGE_KEY", "This is not the name of a stored file.");
}

}  // namespace inpaint::storage
