#pragma once

#include <span>
#include <string_view>

namespace inpaint::database {

// One step of the schema: statements that run in order. Steps are never changed once released; a new step is
// added at the end, to both databases under one number.
struct Migration {
  int version = 0;
  std::span<const std::string_view> statements;
};

struct Schema {
  // Run first: they make schema_migrations(version, applied_at) where it is missing, and keep other
  // processes from migrating until the transaction ends.
  std::span<const std::string_view> preparation;
  std::span<const Migration> migrations;
};

const Schema& sqlite_schema();
const Schema& postgres_schema();

}  // namespace inpaint::database
