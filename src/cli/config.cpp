#include "cli/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>

#include "accounts/rules.h"
#include "base/error.h"
#include "base/machine.h"

namespace inpaint::cli {
namespace {

// Takes the text of a setting, or throws Refused with what is allowed.
struct Refused {
  std::string allowed;
};
using Take = std::function<void(const std::string&)>;

void add(CLI::App& command, const std::string& flag, const std::string& environment, const std::string& help,
         const Take& take) {
  const std::string name = flag + " (" + environment + ")";
  command
      .add_option_function<std::string>(
          flag,
          [name, take, &command](const std::string& text) {
            // The library reads the environment for the commands that were not given too, which would undo
            // the flags of the one that was.
            if (!command.parsed()) return;
            try {
              take(text);
            } catch (const Refused& refused) {
              throw CLI::ValidationError(name + " must be " + refused.allowed + ", not \"" + text + "\"");
            }
          },
          help)
      ->envname(environment)
      ->type_name("");
}

std::int64_t whole_number(const std::string& text, std::int64_t minimum, std::int64_t maximum) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < minimum || value > maximum) {
    throw Refused{"a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum)};
  }
  return value;
}

std::chrono::seconds duration(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end, text.data() + text.size());
  const std::int64_t seconds = unit.empty() || unit == "s" ? 1
                               : unit == "m"               ? 60
                               : unit == "h"               ? 3600
                                                           : 86'400;
  constexpr std::int64_t kYear = 365LL * 86'400;
  const bool known = unit.empty() || unit == "s" || unit == "m" || unit == "h" || unit == "d";
  if (error != std::errc() || !known || value < 1 || value > kYear / seconds) {
    throw Refused{"a time like 24h, 30m, 7d or 3600 (seconds), at most 365d"};
  }
  return std::chrono::seconds(value * seconds);
}

log::Level level(const std::string& text) {
  if (const auto level = log::parse_level(text)) return *level;
  throw Refused{"one of debug, info, warn, error, off"};
}

bool is_on(const std::string& text) {
  if (text == "1" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  throw Refused{"1, true, 0 or false"};
}

// The address of a server, without a slash at its end.
std::string endpoint(std::string text) {
  if (text.ends_with('/')) text.pop_back();
  const std::size_t host = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  if (host == 0 || host == text.size() || text.find('/', host) != std::string::npos) {
    throw Refused{"an address like https://s3.example.com"};
  }
  return text;
}

std::string not_empty(const std::string& text, const std::string& what) {
  if (text.empty()) throw Refused{what};
  return text;
}

template <typename Problem>
std::string checked(const std::string& text, const std::string& what, Problem problem) {
  if (const auto sentence = problem(text)) throw Refused{what + " (it " + *sentence + ")"};
  return text;
}

void add_concurrency_option(CLI::App& command, const std::string& flag, const std::string& help,
                            Config& config) {
  add(command, flag, "WORKER_CONCURRENCY", help, [&](const std::string& text) {
    config.worker_concurrency = static_cast<unsigned>(whole_number(text, 0, 256));
  });
}

// What bounds the work on one picture, wherever it is done.
void add_picture_options(CLI::App& command, Config& config) {
  add(command, "--maximum-megapixels", "MAXIMUM_MEGAPIXELS", "of one picture [100]",
      [&](const std::string& text) { config.maximum_pixels = whole_number(text, 1, 1000) * 1'000'000; });
  add(command, "--inference-memory-megabytes", "INFERENCE_MEMORY_MEGABYTES",
      "for the pictures that are worked on at a time; a larger one is worked on alone [a quarter of the "
      "memory]",
      [&](const std::string& text) {
        config.inference_memory_bytes = whole_number(text, 1, 1'048'576) << 20;
      });
  add(command, "--inference-timeout", "INFERENCE_TIMEOUT", "for one picture, once it is worked on [30m]",
      [&](const std::string& text) { config.inference_timeout = duration(text); });
}

void add_backend_options(CLI::App& command, Config& config) {
  add(command, "--blackbox-host", "INFERENCE_BLACKBOX_HOST",
      "a service that works on the pictures [none: this process does]",
      [&](const std::string& text) { config.blackbox_host = text; });
  add(command, "--blackbox-port", "INFERENCE_BLACKBOX_PORT", "its port [5000]", [&](const std::string& text) {
    config.blackbox_port = static_cast<std::uint16_t>(whole_number(text, 1, 65'535));
  });
  add(command, "--blackbox-directory", "INFERENCE_BLACKBOX_UPLOAD_DIR",
      "shared with it: paths are relative to it [the upload directory]",
      [&](const std::string& text) { config.blackbox_directory = text; });
  add(command, "--blackbox-timeout", "INFERENCE_BLACKBOX_TIMEOUT", "for one picture [10m]",
      [&](const std::string& text) { config.blackbox_timeout = duration(text); });
  add(command, "--blackbox-patience", "INFERENCE_BLACKBOX_PATIENCE",
      "how long an attempt waits for it when it does not answer [30s]",
      [&](const std::string& text) { config.blackbox_patience = duration(text); });
}

void add_upload_directory_option(CLI::App& command, Config& config) {
  add(command, "--upload-directory", "UPLOAD_DIRECTORY",
      "pictures and results are kept here [uploads in the data directory]",
      [&](const std::string& text) { config.upload_directory = not_empty(text, "a directory"); });
}

}  // namespace

Config::Config()
    : worker_concurrency(std::max(2U, machine().cores) - 1),
      inference_memory_bytes(machine().memory_bytes / 4) {}

void add_data_options(CLI::App& command, Config& config) {
  add(command, "--data-directory", "DATA_DIRECTORY", "database, secrets and files are kept here [./data]",
      [&](const std::string& text) { config.data_directory = not_empty(text, "a directory"); });
  add_upload_directory_option(command, config);
  add(command, "--log-level", "LOG_LEVEL", "debug, info, warn, error or off [info]",
      [&](const std::string& text) { config.log_level = level(text); });
}

void add_storage_options(CLI::App& command, Config& config) {
  const auto add_text = [&](const std::string& flag, const std::string& environment, const std::string& help,
                            std::string& value) {
    add(command, flag, environment, help, [&value](const std::string& text) { value = text; });
  };
  add_text("--s3-bucket", "S3_BUCKET", "files are kept in this bucket [none: in the upload directory]",
           config.s3.bucket);
  add(command, "--s3-endpoint", "S3_ENDPOINT", "the bucket's server [Amazon's, of the region]",
      [&](const std::string& text) { config.s3.endpoint = endpoint(text); });
  add(command, "--s3-public-endpoint", "S3_PUBLIC_ENDPOINT", "the same, as clients reach it [as we do]",
      [&](const std::string& text) { config.s3.public_endpoint = endpoint(text); });
  add(command, "--s3-region", "S3_REGION", "the bucket's region [us-east-1]",
      [&](const std::string& text) { config.s3.region = not_empty(text, "a name"); });
  add_text("--s3-key", "AWS_ACCESS_KEY_ID", "name of the key to it", config.s3.key_id);
  add_text("--s3-secret", "AWS_SECRET_ACCESS_KEY", "the key", config.s3.secret);
  add_text("--s3-session-token", "AWS_SESSION_TOKEN", "of a key that is lent for a time [none]",
           config.s3.session_token);
  add(command, "--storage-redirect", "STORAGE_REDIRECT",
      "1: clients fetch files from the bucket [0: from us]",
      [&](const std::string& text) { config.s3.redirect = is_on(text); });
}

void add_database_options(CLI::App& command, Config& config) {
  add(command, "--database-host", "DB_HOST",
      "PostgreSQL's host or socket directory [none: SQLite in the data directory]",
      [&](const std::string& text) { config.database_host = text; });
  add(command, "--database-port", "DB_PORT", "PostgreSQL's port [5432]", [&](const std::string& text) {
    config.database_port = static_cast<std::uint16_t>(whole_number(text, 1, 65'535));
  });
  add(command, "--database-name", "POSTGRES_DB", "database in PostgreSQL [inpaint]",
      [&](const std::string& text) { config.database_name = not_empty(text, "a name"); });
  add(command, "--database-user", "POSTGRES_USER", "PostgreSQL's user [inpaint]",
      [&](const std::string& text) { config.database_user = not_empty(text, "a name"); });
  add(command, "--database-password", "POSTGRES_PASSWORD", "PostgreSQL's password [none]",
      [&](const std::string& text) { config.database_password = text; });
}

void add_queue_options(CLI::App& command, Config& config) {
  add(command, "--redis-host", "REDIS_HOST",
      "jobs wait on this Redis, by BullMQ's protocol [in the database]",
      [&](const std::string& text) { config.redis_host = text; });
  add(command, "--redis-port", "REDIS_PORT", "[6379]", [&](const std::string& text) {
    config.redis_port = static_cast<std::uint16_t>(whole_number(text, 1, 65'535));
  });
  add(command, "--redis-user", "REDIS_USER", "Redis's user [its default one]",
      [&](const std::string& text) { config.redis_user = text; });
  add(command, "--redis-password", "REDIS_PASSWORD", "Redis's password [none]",
      [&](const std::string& text) { config.redis_password = text; });
  add(command, "--redis-prefix", "REDIS_PREFIX",
      "begins all keys there; installations that share a Redis need one each [bull]",
      [&](const std::string& text) { config.redis_prefix = not_empty(text, "a word"); });
  add(command, "--ring-again-after", "RING_AGAIN_AFTER",
      "an inference on which nothing happens for so long is put into the queue again, should it be lost [1m]",
      [&](const std::string& text) { config.ring_again_after = duration(text); });
}

std::filesystem::path upload_directory(const Config& config) {
  return config.upload_directory.empty() ? config.data_directory / "uploads" : config.upload_directory;
}

std::filesystem::path blackbox_directory(const Config& config) {
  return config.blackbox_directory.empty() ? upload_directory(config) : config.blackbox_directory;
}

void add_worker_options(CLI::App& command, Config& config) {
  add_backend_options(command, config);
  add_concurrency_option(
      command, "--worker-concurrency",
      "inferences at a time; 0: serve leaves them to `inpaint worker` [cores - 1, at least 1]", config);
  add_picture_options(command, config);
}

void add_blackbox_options(CLI::App& command, Config& config) {
  add(command, "--host", "INFERENCE_BLACKBOX_HOST", "address to listen on [127.0.0.1]",
      [&](const std::string& text) { config.blackbox_listen_host = not_empty(text, "an IP address"); });
  add(command, "--port", "INFERENCE_BLACKBOX_PORT", "port to listen on; 0: any that is free [5000]",
      [&](const std::string& text) {
        config.blackbox_listen_port = static_cast<std::uint16_t>(whole_number(text, 0, 65'535));
      });
  add(command, "--directory", "INFERENCE_BLACKBOX_UPLOAD_DIR",
      "shared with the service, whose paths are relative to it [its upload directory]",
      [&](const std::string& text) { config.blackbox_directory = text; });
  add_concurrency_option(command, "--concurrency", "orders at a time [cores - 1, at least 1]", config);
  add_picture_options(command, config);
  add(command, "--log-level", "INFERENCE_BLACKBOX_LOG_LEVEL", "debug, info, warn, error or off [info]",
      [&](const std::string& text) { config.log_level = level(text); });
  add(command, "--debug", "INFERENCE_BLACKBOX_DEBUG", "true: log like --log-level debug [false]",
      [&](const std::string& text) {
        if (text == "true" || text == "1")
          config.log_level = log::Level::kDebug;
        else if (text != "false" && text != "0" && !text.empty())
          throw Refused{"true or false"};
      });
  add(command, "--data-directory", "DATA_DIRECTORY",
      "where uploads/ is, unless --directory says else [./data]",
      [&](const std::string& text) { config.data_directory = not_empty(text, "a directory"); });
  add_upload_directory_option(command, config);
}

void add_password_options(CLI::App& command, Config& config) {
  add(command, "--bcrypt-salt-rounds", "BCRYPT_SALT_ROUNDS", "cost of hashing a password, 4 to 16 [12]",
      [&](const std::string& text) { config.bcrypt_cost = static_cast<int>(whole_number(text, 4, 16)); });
}

void add_account_options(CLI::App& command, Config& config) {
  add(command, "--jwt-secret", "JWT_SECRET",
      "signs sessions and links, 32 bytes or more [made once, kept in the data directory]",
      [&](const std::string& text) {
        if (text.size() < 32 || text.size() > 1024)
          throw CLI::ValidationError("--jwt-secret (JWT_SECRET) must be 32 to 1024 bytes long; it has " +
                                     std::to_string(text.size()));
        config.jwt_secret = text;
      });
  add(command, "--jwt-expires-in", "JWT_EXPIRES_IN", "how long a login lasts [24h]",
      [&](const std::string& text) { config.session_lifetime = duration(text); });
  add_password_options(command, config);
  add(command, "--admin-name", "ADMIN_NAME", "first administrator's name", [&](const std::string& text) {
    config.administrator_name = checked(text, "a name", accounts::name_problem);
  });
  add(command, "--admin-surname", "ADMIN_SURNAME", "first administrator's surname",
      [&](const std::string& text) {
        config.administrator_surname = checked(text, "a name", accounts::name_problem);
      });
  add(command, "--admin-email", "ADMIN_EMAIL", "first administrator's e-mail [admin@localhost]",
      [&](const std::string& text) {
        config.administrator_email = checked(text, "an e-mail address", accounts::email_problem);
      });
  add(command, "--admin-password", "ADMIN_PASSWORD",
      "first administrator's password [made once, printed once]", [&](const std::string& text) {
        // The text is not repeated: it is a password, if a bad one.
        if (const auto problem = accounts::password_problem(text)) {
          throw CLI::ValidationError("--admin-password (ADMIN_PASSWORD) " + *problem);
        }
        config.administrator_password = text;
      });
}

void add_server_options(CLI::App& command, Config& config) {
  add(command, "--host", "HOST", "address to listen on [0.0.0.0]",
      [&](const std::string& text) { config.host = not_empty(text, "an IP address"); });
  add(command, "--port", "PORT", "port to listen on; 0: any that is free [3000]",
      [&](const std::string& text) {
        config.port = static_cast<std::uint16_t>(whole_number(text, 0, 65'535));
      });
  add(command, "--rate-limit", "RATE_LIMIT", "requests per minute and address, or off [12000]",
      [&](const std::string& text) {
        config.requests_per_minute = text == "off" ? 0 : [&] {
          try {
            return whole_number(text, 1, 10'000'000);
          } catch (const Refused& refused) {
            throw Refused{"off, or " + refused.allowed};
          }
        }();
      });
  add(command, "--trusted-proxies", "TRUSTED_PROXIES",
      "proxies in front of us that add to X-Forwarded-For who asks them [0]", [&](const std::string& text) {
        config.trusted_proxies = static_cast<unsigned>(whole_number(text, 0, 10));
      });
  add(command, "--maximum-connections", "MAXIMUM_CONNECTIONS",
      "at a time from one address, unless proxies are trusted [2500]", [&](const std::string& text) {
        config.connections_per_address = static_cast<std::size_t>(whole_number(text, 1, 10'000));
      });
  add(command, "--maximum-streams", "MAXIMUM_STREAMS", "of events, at a time to one address [100]",
      [&](const std::string& text) {
        config.streams_per_address = static_cast<std::size_t>(whole_number(text, 1, 10'000));
      });
  add(command, "--maximum-upload-megabytes", "MAXIMUM_UPLOAD_MEGABYTES", "of one request [2048]",
      [&](const std::string& text) { config.maximum_upload_bytes = whole_number(text, 1, 1'048'576) << 20; });
  add(command, "--minimum-free-megabytes", "MINIMUM_FREE_MEGABYTES",
      "that uploads leave on the data directory's disk [256]",
      [&](const std::string& text) { config.minimum_free_bytes = whole_number(text, 0, 1'048'576) << 20; });
  add(command, "--maximum-video-megapixels", "MAXIMUM_VIDEO_MEGAPIXELS", "of one frame of a video [10]",
      [&](const std::string& text) { config.maximum_video_pixels = whole_number(text, 1, 100) * 1'000'000; });
  add(command, "--maximum-video-seconds", "MAXIMUM_VIDEO_SECONDS", "how long a video may be [3600]",
      [&](const std::string& text) { config.maximum_video_seconds = whole_number(text, 1, 86'400); });
  add(command, "--maximum-video-frames", "MAXIMUM_VIDEO_FRAMES", "that are stored of one video [10000]",
      [&](const std::string& text) { config.maximum_video_frames = whole_number(text, 1, 1'000'000); });
  add(command, "--maximum-archive-megabytes", "MAXIMUM_ARCHIVE_MEGABYTES",
      "of what is taken out of one ZIP archive [4096]", [&](const std::string& text) {
        config.maximum_archive_bytes = whole_number(text, 1, 1'048'576) << 20;
      });
  add(command, "--maximum-archive-entries", "MAXIMUM_ARCHIVE_ENTRIES", "of one ZIP archive [100000]",
      [&](const std::string& text) { config.maximum_archive_entries = whole_number(text, 1, 1'000'000); });
}

void note_ignored_environment() {
  const char* value = std::getenv("NODE_ENV");
  if (value != nullptr && *value != '\0') log::info("errors", "NODE_ENV is ignored");
}

}  // namespace inpaint::cli
