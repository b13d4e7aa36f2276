#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/log.h"
#include "storage/s3_storage.h"

namespace CLI {
class App;
}

namespace inpaint::cli {

// What a person may set, by flag, by environment variable or in .env, in this order of weight. Nothing is
// required.
struct Config {
  std::string host = "0.0.0.0";
  std::uint16_t port = 3000;                  // 0: the system chooses
  std::int64_t requests_per_minute = 12'000;  // by address; 0: no limit
  unsigned trusted_proxies = 0;               // in front of us, one behind the other
  std::size_t connections_per_address = 2'500;
  std::size_t streams_per_address = 100;  // of events
  std::int64_t maximum_upload_bytes = 2LL << 30;
  std::int64_t minimum_free_bytes = 256LL << 20;  // on the disk, when an upload is there
  std::int64_t maximum_pixels = 100'000'000;
  std::int64_t maximum_video_pixels = 10'000'000;  // of a frame
  std::int64_t maximum_video_seconds = 3600;
  std::int64_t maximum_video_frames = 10'000;  // that are stored
  std::int64_t maximum_archive_entries = 100'000;
  std::int64_t maximum_archive_bytes = 4LL << 30;  // of what is taken out of one ZIP archive

  std::filesystem::path data_directory = "./data";
  std::filesystem::path upload_directory;  // empty: uploads/ in the data directory

  storage::S3Options s3;  // without a bucket: the upload directory

  std::string database_host;  // of PostgreSQL; empty: SQLite in the data directory
  std::uint16_t database_port = 5432;
  std::string database_name = "inpaint";
  std::string database_user = "inpaint";
  std::string database_password;

  std::string redis_host;  // empty: the queue is in the database
  std::uint16_t redis_port = 6379;
  std::string redis_user;             // empty: Redis's default user
  std::string redis_password;         // empty: none is asked for
  std::string redis_prefix = "bull";  // of all keys there
  std::chrono::seconds ring_again_after = std::chrono::minutes(1);

  std::string blackbox_host;  // of the service that works on pictures; empty: this process does
  std::uint16_t blackbox_port = 5000;
  std::filesystem::path blackbox_directory;  // shared with it; empty: the upload directory
  std::chrono::seconds blackbox_timeout = std::chrono::minutes(10);   // for one picture
  std::chrono::seconds blackbox_patience = std::chrono::seconds(30);  // for one that does not answer
  std::string blackbox_listen_host = "127.0.0.1";                     // of `inpaint blackbox`
  std::uint16_t blackbox_listen_port = 5000;                          // 0: the system chooses

  std::string jwt_secret;  // empty: made once and kept in the data directory
  std::chrono::seconds session_lifetime = std::chrono::hours(24);
  int bcrypt_cost = 12;
  unsigned worker_concurrency;          // 0: serve runs no worker
  std::int64_t inference_memory_bytes;  // for the pictures that are worked on at a time
  std::chrono::seconds inference_timeout = std::chrono::minutes(30);  // for one picture
  log::Level log_level = log::Level::kInfo;

  std::string administrator_name = "Ada";
  std::string administrator_surname = "Administrator";
  std::string administrator_email = "admin@localhost";
  std::string administrator_password;  // empty: made once and printed once

  Config();
};

// The options of a command. A value that is malformed is refused with a sentence that says what is allowed.
// The config must outlive the parsing.
void add_data_options(CLI::App& command, Config& config);      // where the data is, and how much is logged
void add_database_options(CLI::App& command, Config& config);  // which database it is
void add_storage_options(CLI::App& command, Config& config);   // where the files are
void add_queue_options(CLI::App& command, Config& config);     // where jobs wait
void add_worker_options(CLI::App& command, Config& config);    // how the work is done
void add_blackbox_options(CLI::App& command, Config& config);  // of `inpaint blackbox`
void add_password_options(CLI::App& command, Config& config);  // how passwords are hashed
void add_account_options(CLI::App& command, Config& config);   // those, secrets, the administrator
void add_server_options(CLI::App& command, Config& config);    // host, port and limits

std::filesystem::path upload_directory(const Config& config);
std::filesystem::path blackbox_directory(const Config& config);

// Says in the log what is set and means nothing here.
void note_ignored_environment();

}  // namespace inpaint::cli
