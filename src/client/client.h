// client/ asks other servers over HTTP: a black box, an S3 bucket. It knows what none of them means; it uses
// base/ only, and libcurl inside its .cpp files.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inpaint::client {

// Signs requests by AWS Signature Version 4. libcurl 7.88 takes the URL as it is: path and query must be
// percent-encoded, the parameters sorted, each with its '='.
struct Signer {
  std::string region;
  std::string service;
  std::string key_id;
  std::string secret;
};

// A part of a file, sent as the body of a request as it is read.
struct FilePart {
  std::filesystem::path path;
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

struct Request {
  std::string method = "GET";
  std::string url;  // absolute, percent-encoded
  std::vector<std::string> headers = {};
  std::string body = {};
  std::optional<FilePart> file = std::nullopt;   // in the place of `body`
  std::function<bool()> is_cancelled = nullptr;  // asked about once a second
  std::chrono::milliseconds timeout{0};          // of the whole; 0: only a stall ends it
  std::chrono::milliseconds stall{30'000};       // so long no byte moves, give or take a second
  std::size_t answer_limit_bytes = 1024 * 1024;  // of its body
};

struct Answer {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;

  bool is_success() const { return status >= 200 && status < 300; }
  std::string header(std::string_view name) const;  // "" when it is not there
};

// Thread-safe. Connections are kept and used again.
class Client {
 public:
  explicit Client(std::optional<Signer> signer = std::nullopt);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The answer, whatever its status; redirections are not followed. Throws kUnavailable UNREACHABLE when
  // there is none or it is not one to its end, kConflict CANCELLED when `is_cancelled` says so.
  Answer perform(const Request& request);

 private:
  class Handle;
  std::unique_ptr<Handle> take_handle();

  const std::optional<Signer> signer_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;  // each with the connections that it has opened
};

}  // namespace inpaint::client
