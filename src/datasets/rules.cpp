#include "datasets/rules.h"

#include <algorithm>

#include "base/uuid.h"

namespace inpaint::datasets {

std::optional<std::string> name_problem(std::string_view name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (std::ranges::any_of(name, is_control)) return "must not contain control characters";
  if (name == "." || name == "..") return "must not be . or ..";
  if (Uuid::parse(name)) return "must not look like an id (a UUID)";
  return std::nullopt;
}

}  // namespace inpaint::datasets
