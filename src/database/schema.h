#pragma once

#include <span>
#include <string_view>

namespace inpaint::database {

// One step of the schema: statements that run in one transaction, in order. Steps are never changed once
// released; a new step is added at the end.
struct Migration {
  int version = 0;
  std::span<const std::string_view> statements;
};

std::span<const Migration> sqlite_migrations();

}  // namespace inpaint::database
