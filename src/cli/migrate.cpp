#include <cstdio>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/platform.h"
#include "credits/ledger.h"
#include "database/transfer.h"
#include "storage/temporary_area.h"

namespace inpaint::cli {
namespace {

using database::Session;

constexpr std::string_view kSqlite = "sqlite:";

void check_nobody_works_on(const std::filesystem::path& data_directory) {
  if (!storage::has_live_area(data_directory / "tmp")) return;
  throw conflict("IN_USE", "A process works on " + data_directory.string() +
                               ". Stop it first: what it writes after the copy would be lost.");
}

std::unique_ptr<database::Database> open_source(const std::string& from) {
  const std::filesystem::path file = from.starts_with(kSqlite) ? from.substr(kSqlite.size()) : "";
  if (file.empty()) throw invalid("BAD_SOURCE", "--from must be sqlite:PATH, not \"" + from + "\"");
  if (!std::filesystem::is_regular_file(file)) {
    throw not_found("There is no database file " + file.string() + ".");
  }
  check_nobody_works_on(std::filesystem::absolute(file).parent_path());
  return database::open_sqlite(file, 1);
}

std::unique_ptr<database::Database> open_target(const std::string& to) {
  // The URL is not repeated: it may hold a password.
  if (!to.starts_with("postgres://") && !to.starts_with("postgresql://")) {
    throw invalid("BAD_TARGET", "--to must be postgres://USER:PASSWORD@HOST:PORT/DATABASE");
  }
  return database::open_postgres({to, 1, std::chrono::milliseconds(0)});
}

struct Moved {
  std::int64_t rows = 0;
  credits::Verification books;
};

// The books of both sides, which must be right and the same.
credits::Verification verified(Session& source, Session& target) {
  const credits::Verification before = credits::verify(source);
  credits::Verification after = credits::verify(target);
  if (before.differences != after.differences || before.users != after.users ||
      before.entries != after.entries) {
    throw internal("the ledger of the copy differs from the original's");
  }
  return after;
}

}  // namespace

int migrate(const Config& config) {
  const int version = open_database_for_one_command(config)->migrate();
  std::printf("The database in %s is at version %d.\n", database_name(config).c_str(), version);
  return 0;
}

int move_installation(const std::string& from, const std::string& to) {
  const auto source = open_source(from);
  const auto target = open_target(to);
  source->migrate();
  target->migrate();
  // The source's transaction keeps every other writer out until the copy is committed.
  const Moved moved = source->transaction([&](Session& original) {
    return target->transaction([&](Session& copy) {
      const std::int64_t rows = database::transfer(original, copy);
      return Moved{rows, verified(original, copy)};
    });
  });
  for (const std::string& difference : moved.books.differences) std::printf("%s\n", difference.c_str());
  std::printf("%lld rows were copied: %lld users, %lld ledger entries, %s.\n",
              static_cast<long long>(moved.rows), static_cast<long long>(moved.books.users),
              static_cast<long long>(moved.books.entries),
              moved.books.differences.empty() ? "every balance is the sum of its entries"
                                              : "the ledger differs as it did before");
  std::printf("Start the service with DB_HOST and the same DATA_DIRECTORY and UPLOAD_DIRECTORY.\n");
  return 0;
}

}  // namespace inpaint::cli
