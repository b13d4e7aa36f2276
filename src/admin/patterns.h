#pragma once

#include <span>
#include <string_view>

namespace inpaint::admin {

// A role of the literature on design patterns, and who plays it here: the table of docs/architecture.md, to
// which a test holds it.
struct Pattern {
  std::string_view role;
  std::string_view played_by;
};

std::span<const Pattern> patterns();

}  // namespace inpaint::admin
