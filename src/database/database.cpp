#include "database/database.h"

#include <string>
#include <string_view>

#include "base/error.h"
#include "database/session.h"

namespace inpaint::database {
namespace {

// A second connection taken while the first is held can wait for itself when the pool is empty.
thread_local bool holds_connection = false;

constexpr auto kUniqueViolation = "UNIQUE_VIOLATION";

}  // namespace

Database::Lease::Lease(Database& database) : database_(database) {
  if (holds_connection) throw internal("a second connection was asked for inside database work");
  connection_ = database_.acquire();
  holds_connection = true;
}

Database::Lease::~Lease() {
  database_.give_back(connection_);
  holds_connection = false;
}

Database::Transaction::Transaction(Database& database) : database_(database), lease_(database) {
  database_.begin(lease_.session());
}

Database::Transaction::~Transaction() {
  database_.end(lease_.session(), committed_);
}

void Database::Transaction::commit() {
  database_.commit(lease_.session());
  committed_ = true;
}

void Database::check() {
  read([](Session& sql) {
    int one = 0;
    sql << "SELECT 1", soci::into(one);
  });
}

bool is_unique_violation(const std::exception& error) {
  const auto* ours = dynamic_cast<const Error*>(&error);
  return ours != nullptr && ours->code() == kUniqueViolation;
}

void Database::rethrow_as_error(const std::exception& error) {
  if (dynamic_cast<const Error*>(&error) != nullptr) throw;
  // SOCI adds the statement and every bound value behind the database's own sentence: cut them off.
  const std::string text = error.what();
  const std::string sentence = text.substr(0, text.find(" while "));
  const auto says = [&](std::string_view words) { return sentence.find(words) != std::string::npos; };
  if (says("UNIQUE constraint failed")) {
    throw Error(ErrorKind::kConflict, kUniqueViolation, "This already exists.");
  }
  if (says("database is locked") || says("database table is locked")) {
    throw Error(ErrorKind::kUnavailable, "DATABASE_BUSY", "The database is busy. Try again.");
  }
  throw internal("database: " + sentence);
}

}  // namespace inpaint::database
