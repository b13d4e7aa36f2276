#include "cli/platform.h"

#include "base/error.h"

namespace inpaint::cli {
namespace {

constexpr unsigned kDatabaseConnections = 16;

// Only the owner may look into it: it holds secrets and other people's pictures.
std::filesystem::path prepared(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::create_directories(directory, error)) {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  }
  if (error || !std::filesystem::is_directory(directory)) {
    throw Error(ErrorKind::kUnavailable, "DATA_DIRECTORY_UNAVAILABLE",
                "The directory " + directory.string() + " can't be made: " + error.message());
  }
  return directory;
}

std::filesystem::path upload_directory(const Config& config) {
  return config.upload_directory.empty() ? config.data_directory / "uploads" : config.upload_directory;
}

std::unique_ptr<database::Database> migrated(std::unique_ptr<database::Database> database) {
  database->migrate();
  return database;
}

}  // namespace

std::unique_ptr<database::Database> open_database(const Config& config) {
  return database::open_sqlite(prepared(config.data_directory) / "inpaint.db", kDatabaseConnections);
}

Platform::Platform(const Config& config)
    : temporary(prepared(config.data_directory) / "tmp"),
      database(migrated(open_database(config))),
      storage(storage::make_local_storage(upload_directory(config))),
      queue(queue::make_embedded_queue(*database, delivery)),
      relay(*database, *queue),
      limits{.maximum_pixels = config.maximum_pixels} {}

BackgroundWork::BackgroundWork(Platform& platform, unsigned concurrency)
    : platform_(platform),
      backend_(platform.limits),
      sweeper_(*platform.database, *platform.queue, *platform.storage, platform.temporary, {}),
      worker_({*platform.database, *platform.queue, *platform.storage, backend_, platform.temporary,
               platform.delivery},
              concurrency) {}

void BackgroundWork::start() {
  platform_.relay.start();
  sweeper_.start();
  worker_.start();
}

void BackgroundWork::stop(std::chrono::milliseconds grace) {
  worker_.stop(grace);
  sweeper_.stop();
  platform_.relay.stop();
}

}  // namespace inpaint::cli
