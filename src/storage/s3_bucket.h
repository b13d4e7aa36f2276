#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "client/circuit_breaker.h"
#include "client/client.h"
#include "storage/s3_storage.h"

namespace inpaint::storage {

// The parameters of a query, by name.
using Query = std::vector<std::pair<std::string, std::string>>;

// One bucket, operation by operation, as the S3 protocol has them. A server that does not answer or is busy
// is asked again, with pauses that grow, until `patience` is over: then kUnavailable STORAGE_UNAVAILABLE. So
// is what it refuses, at once: a wrong key, a missing right or bucket, a clock that is off, whose code is in
// the log. Thread-safe.
class S3Bucket {
 public:
  explicit S3Bucket(const S3Options& options);

  void put(std::string_view key, const client::FilePart& file);
  void put(std::string_view key, std::string_view content);

  // An upload in parts, which nobody sees before it is completed.
  std::string begin_upload(std::string_view key);
  std::string put_part(std::string_view key, const std::string& upload, int number,
                       const client::FilePart& part);
  // `etags` of the parts, in their order. `size_bytes` tells, when an answer was lost, whether it was done.
  void complete_upload(std::string_view key, const std::string& upload, const std::vector<std::string>& etags,
                       std::int64_t size_bytes);
  void abort_upload(std::string_view key, const std::string& upload);

  struct Upload {
    std::string key;
    std::string id;
    Timestamp begun_at;
  };
  std::vector<Upload> uploads();  // that are open; at most 1,000

  // Nothing when there is no such blob.
  std::optional<std::int64_t> size_of(std::string_view key);
  // The bytes from `offset` on; all exist. Throws kNotFound.
  std::string get(std::string_view key, std::int64_t offset, std::int64_t length);

  void remove(std::string_view key);  // what is not there, too

  void list(std::string_view prefix,
            const std::function<void(std::string key, std::int64_t size, Timestamp)>& visit);

  // A link that gives the blob to whoever has it, for that long.
  std::string make_link(std::string_view key, const Query& query, std::chrono::seconds lifetime) const;

 private:
  client::Request request(std::string method, std::string_view key, const Query& query = {}) const;
  // Asks until there is an answer that is not "later".
  client::Answer ask(client::Request request);
  // Logs what the bucket said; the error to throw, which does not say it.
  Error refusal(const client::Answer& answer) const;
  // The same as ask(); throws unless it is a success.
  client::Answer succeed(client::Request request);
  // Whether it says that there is no such blob. Throws when there is no such bucket.
  bool is_absence(const client::Answer& answer);

  const S3Options options_;
  client::Client client_;
  client::CircuitBreaker breaker_;
};

}  // namespace inpaint::storage
