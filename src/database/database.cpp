#include "database/database.h"

#include <array>
#include <string>
#include <thread>

#include "base/log.h"
#include "database/errors.h"
#include "database/inquiry.h"
#include "database/session.h"

namespace inpaint::database {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kWaitForConnection{10};

// Between attempts after a lost connection: together long enough for a server to restart, short enough for
// a person who waits for an answer.
constexpr std::array kPauses{milliseconds(20), milliseconds(200), milliseconds(800)};
constexpr int kMaximumAttempts = 8;

// A second connection taken while the first is held can wait for itself when the pool is empty.
thread_local const Database* connected_to = nullptr;

bool has_code(const std::exception& error, std::string_view code) {
  const auto* ours = dynamic_cast<const Error*>(&error);
  return ours != nullptr && ours->code() == code;
}

}  // namespace

Database::Database(unsigned connections) : sessions_(connections) {
  for (std::size_t i = 0; i < sessions_.size(); ++i) free_.push_back(i);
}

Database::~Database() = default;

std::size_t Database::acquire() {
  std::size_t position = 0;
  {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, kWaitForConnection, [&] { return !free_.empty(); })) throw database_busy();
    position = free_.front();  // the one used last: its cache is warm
    free_.pop_front();
  }
  try {
    std::unique_ptr<Session>& session = sessions_[position];
    if (session && !is_connected(*session)) session.reset();
    if (!session) session = connect();
  } catch (...) {
    give_back(position);
    throw;
  }
  return position;
}

void Database::give_back(std::size_t position) noexcept {
  {
    const std::lock_guard lock(mutex_);
    free_.push_front(position);
  }
  freed_.notify_one();
}

Database::Lease::Lease(Database& database) : database_(database) {
  if (connected_to == &database) throw internal("a second connection was asked for inside database work");
  position_ = database_.acquire();
  database_.watch(session());
  connected_to = &database;
}

Database::Lease::~Lease() {
  database_.unwatch(session());
  database_.give_back(position_);
  connected_to = nullptr;
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

void Database::throw_or_pause(const std::exception& error, int attempts) const {
  if (dynamic_cast<const Error*>(&error) != nullptr) throw;
  const Failure failure = explain(error);
  const auto attempt = static_cast<std::size_t>(attempts);
  const bool is_last = failure.is_disconnected ? attempt > kPauses.size() : attempts >= kMaximumAttempts;
  if (!failure.is_undone || is_last) {
    if (failure.is_disconnected && attempts == 1) {  // not worth another attempt, of which the log would tell
      log::warn("errors", "the database does not answer", {{"reason", sentence_of(error)}});
    }
    throw Error(failure.error);
  }
  log::warn(
      "errors", "database work is tried again",
      {{"code", failure.error.code()}, {"attempt", std::int64_t{attempts}}, {"reason", sentence_of(error)}});
  if (failure.is_disconnected) std::this_thread::sleep_for(kPauses[attempt - 1]);
}

std::unique_ptr<Inquiry> Database::open_inquiry(const std::string& query) {
  try {
    return make_inquiry(query);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw unexpected(error);
  }
}

std::unique_ptr<Inquiry> Database::make_inquiry(const std::string&) {
  return nullptr;
}

void Database::check() {
  read([](Session& sql) {
    int one = 0;
    sql << "SELECT 1", soci::into(one);
  });
}

bool is_unique_violation(const std::exception& error) {
  return has_code(error, kUniqueViolation);
}

bool is_commit_unknown(const std::exception& error) {
  return has_code(error, kCommitUnknown);
}

Error database_busy() {
  return {ErrorKind::kUnavailable, "DATABASE_BUSY", "The database is busy. Try again."};
}

Error unique_violation() {
  return {ErrorKind::kConflict, std::string(kUniqueViolation), "This already exists."};
}

std::string sentence_of(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find(" while "));
}

Error unexpected(const std::exception& error) {
  return internal("database: " + sentence_of(error));
}

}  // namespace inpaint::database
