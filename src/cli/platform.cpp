#include "cli/platform.h"

#include "base/error.h"
#include "base/log.h"
#include "base/percent.h"
#include "inferences/blackbox_backend.h"
#include "inferences/in_process_backend.h"
#include "storage/s3_storage.h"

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

// Every part as a parameter, where a host may also be a directory of sockets or an IPv6 address.
std::string postgres_url(const Config& config) {
  return "postgresql:///?host=" + percent_encode(config.database_host) +
         "&port=" + std::to_string(config.database_port) + "&dbname=" + percent_encode(config.database_name) +
         "&user=" + percent_encode(config.database_user) +
         "&password=" + percent_encode(config.database_password);
}

std::unique_ptr<storage::Storage> make_storage(const Config& config,
                                               const storage::TemporaryArea& temporary) {
  if (!config.s3.bucket.empty()) return storage::make_s3_storage(config.s3, temporary);
  if (config.s3.redirect) log::warn("storage", "STORAGE_REDIRECT has no effect without S3_BUCKET");
  return storage::make_local_storage(upload_directory(config));
}

// For inferences, which may wait for a bucket that is down: null where there is none.
std::unique_ptr<storage::Storage> make_patient_storage(const Config& config,
                                                       const storage::TemporaryArea& temporary) {
  if (config.s3.bucket.empty()) return nullptr;
  storage::S3Options options = config.s3;
  options.fail_fast = false;
  return storage::make_s3_storage(std::move(options), temporary);
}

// Who shares files in the data directory shares the temporary ones too; elsewhere processes of other machines
// may be.
inferences::SweeperOptions sweeper_options(const Config& config) {
  inferences::SweeperOptions options;
  options.files_are_elsewhere = !config.upload_directory.empty() || !config.s3.bucket.empty();
  options.silence = config.ring_again_after;
  options.job_interval = options.silence / 2;
  return options;
}

std::unique_ptr<inferences::Backend> make_backend(const Config& config, const media::Limits& limits,
                                                  media::MemoryBudget& memory) {
  if (config.blackbox_host.empty()) {
    return std::make_unique<inferences::InProcessBackend>(limits, memory, config.inference_timeout);
  }
  return std::make_unique<inferences::BlackboxBackend>(
      inferences::BlackboxOptions{.host = config.blackbox_host,
                                  .port = config.blackbox_port,
                                  .directory = blackbox_directory(config),
                                  .timeout = config.blackbox_timeout,
                                  .patience = config.blackbox_patience},
      limits, memory);
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
  return database::open_postgres({postgres_url(config), kDatabaseConnections});
}

std::unique_ptr<database::Database> open_database_for_one_command(const Config& config) {
  if (config.database_host.empty()) return open_database(config);
  return database::open_postgres({postgres_url(config), 1, std::chrono::milliseconds(0)});
}

std::unique_ptr<database::Database> open_present_database(const Config& config) {
  if (config.database_host.empty() && !std::filesystem::exists(config.data_directory / "inpaint.db")) {
    throw not_found("There is no database in " + config.data_directory.string() + ".");
  }
  return open_database_for_one_command(config);
}

std::unique_ptr<queue::Queue> open_queue(const Config& config, database::Database& database,
                                         const queue::Options& options) {
  if (config.redis_host.empty()) return queue::make_embedded_queue(database, options);
  return queue::make_bullmq_queue({.host = config.redis_host,
                                   .port = config.redis_port,
                                   .prefix = config.redis_prefix,
                                   .user = config.redis_user,
                                   .password = config.redis_password},
                                  options);
}

std::string database_name(const Config& config) {
  if (config.database_host.empty()) return config.data_directory.string();
  return config.database_name + " on " + config.database_host + ":" + std::to_string(config.database_port);
}

Platform::Platform(const Config& config)
    : temporary(prepared(config.data_directory) / "tmp"),
      database(migrated(open_database(config))),
      storage(make_storage(config, temporary)),
      queue(open_queue(config, *database, delivery)),
      relay(*database, *queue),
      limits{.maximum_pixels = config.maximum_pixels},
      video_limits{.maximum_pixels = config.maximum_video_pixels,
                   .maximum_seconds = config.maximum_video_seconds,
                   .maximum_frames = config.maximum_video_frames} {}

BackgroundWork::BackgroundWork(const Config& config, Platform& platform)
    : platform_(platform),
      memory_(config.inference_memory_bytes),
      backend_(make_backend(config, platform.limits, memory_)),
      sweeper_(*platform.database, *platform.queue, *platform.storage, platform.temporary,
               sweeper_options(config)),
      patient_storage_(make_patient_storage(config, platform.temporary)),
      worker_({*platform.database, *platform.queue, patient_storage_ ? *patient_storage_ : *platform.storage,
               *backend_, platform.temporary, platform.delivery},
              config.worker_concurrency),
      registry_(*platform.database, worker_) {}

void BackgroundWork::start() {
  platform_.relay.start();
  sweeper_.start();
  worker_.start();
  registry_.start();
}

bool BackgroundWork::stop(std::chrono::milliseconds grace) {
  const bool all_ended = worker_.stop(grace);
  registry_.stop();
  sweeper_.stop();
  platform_.relay.stop();
  return all_ended;
}

}  // namespace inpaint::cli
