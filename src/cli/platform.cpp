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

// libpq's quoting of a value.
std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\\' || c == '\'') text += '\\';
    text += c;
  }
  return text + "'";
}

std::string connection_string(const Config& config) {
  return "host=" + quoted(config.database_host) + " port=" + std::to_string(config.database_port) +
         " dbname=" + quoted(config.database_name) + " user=" + quoted(config.database_user) +
         " password=" + quoted(config.database_password) +
         " connect_timeout=5 keepalives_idle=30 keepalives_interval=10 keepalives_count=3 "
         "tcp_user_timeout=60000";
}

std::unique_ptr<database::Database> migrated(std::unique_ptr<database::Database> database) {
  database->migrate();
  return database;
}

}  // namespace

std::unique_ptr<database::Database> open_database(const Config& config) {
  if (config.database_host.empty()) {
    return database::open_sqlite(prepared(config.data_directory) / "inpaint.db", kDatabaseConnections);
  }
  return database::open_postgres({connection_string(config), kDatabaseConnections});
}

std::unique_ptr<database::Database> open_database_for_one_command(const Config& config) {
  if (config.database_host.empty()) return open_database(config);
  return database::open_postgres({connection_string(config), 1, std::chrono::milliseconds(0)});
}

std::string database_name(const Config& config) {
  if (config.database_host.empty()) return config.data_directory.string();
  return config.database_name + " on " + config.database_host + ":" + std::to_string(config.database_port);
}

Platform::Platform(const Config& config)
    : temporary(prepared(config.data_directory) / "tmp"),
      database(migrated(open_database(config))),
      storage(storage::make_local_storage(upload_directory(config))),
      queue(queue::make_embedded_queue(*database, delivery)),
      relay(*database, *queue),
      limits{.maximum_pixels = config.maximum_pixels},
      video_limits{.maximum_pixels = config.maximum_video_pixels,
                   .maximum_seconds = config.maximum_video_seconds,
                   .maximum_frames = config.maximum_video_frames} {}

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
