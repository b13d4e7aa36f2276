#include "inferences/worker_registry.h"

#include <unistd.h>

#include <array>

#include "base/log.h"
#include "base/uuid.h"
#include "database/query.h"

namespace inpaint::inferences {
namespace {

using database::change;
using database::Session;

constexpr std::chrono::seconds kBeatInterval{5};
constexpr std::chrono::seconds kAliveFor{15};
constexpr std::chrono::hours kKeepSilent{1};

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

WorkerRegistry::WorkerRegistry(database::Database& database, const Worker& worker)
    : database_(database),
      worker_(worker),
      id_(Uuid::make().to_string()),
      started_at_(Timestamp::now()),
      loop_("worker registry", kBeatInterval, [this] { beat(); }) {}

void WorkerRegistry::start() {
  if (worker_.concurrency() == 0) return;
  loop_.start();
  loop_.wake();
}

void WorkerRegistry::stop() {
  loop_.stop();
  try {
    database_.transaction([&](Session& sql) { change(sql, "DELETE FROM workers WHERE id = :id", id_); });
  } catch (const std::exception& error) {
    // The row is seen to be silent soon, and goes after an hour.
    log::warn("inferences", "a worker could not sign off", {{"reason", std::string(error.what())}});
  }
}

void WorkerRegistry::beat() {
  const long long now = Timestamp::now().unix_ms;
  const long long oldest = (Timestamp{now} + -std::chrono::milliseconds(kKeepSilent)).unix_ms;
  const auto process = static_cast<long long>(::getpid());
  const auto concurrency = static_cast<long long>(worker_.concurrency());
  const auto busy = static_cast<long long>(worker_.busy());
  const auto started_at = static_cast<long long>(started_at_.unix_ms);
  database_.transaction([&](Session& sql) {
    change(sql,
           "INSERT INTO workers(id, host, process_id, concurrency, busy, started_at, seen_at) "
           "VALUES (:id, :host, :process, :concurrency, :busy, time_of(:started), time_of(:seen)) "
           "ON CONFLICT (id) DO UPDATE SET busy = excluded.busy, seen_at = excluded.seen_at",
           id_, host_name(), process, concurrency, busy, started_at, now);
    change(sql, "DELETE FROM workers WHERE seen_at < time_of(:oldest)", oldest);
  });
}

std::vector<WorkerProcess> list_workers(database::Database& database) {
  struct Row {
    std::string id, host;
    long long process_id = 0, concurrency = 0, busy = 0, started_at = 0, seen_at = 0;
    void bind(soci::statement& statement) {
      for (std::string* text : {&id, &host}) statement.exchange(soci::into(*text));
      for (long long* number : {&process_id, &concurrency, &busy, &started_at, &seen_at}) {
        statement.exchange(soci::into(*number));
      }
    }
    WorkerProcess value() const {
      const bool is_alive = Timestamp{seen_at} + kAliveFor >= Timestamp::now();
      return {id, host, process_id, concurrency, busy, Timestamp{started_at}, Timestamp{seen_at}, is_alive};
    }
  };
  return database.read([](Session& sql) {
    return database::select<Row>(sql,
                                 "SELECT id, host, process_id, concurrency, busy, epoch_ms(started_at), "
                                 "epoch_ms(seen_at) "
                                 "FROM workers ORDER BY id");
  });
}

}  // namespace inpaint::inferences
