#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace inpaint::storage {

struct S3Credentials {
  std::string region;
  std::string key_id;
  std::string secret;
  std::string session_token;  // empty: none
};

// The URL with its parameters and a signature that lets anybody GET it for `lifetime` from `now` on: AWS
// Signature Version 4 in the query, which libcurl can't make ("Authenticating Requests: Using Query
// Parameters" in Amazon's S3 API Reference). `path` is percent-encoded.
std::string sign_url(const std::string& endpoint, const std::string& path,
                     std::vector<std::pair<std::string, std::string>> query, const S3Credentials& credentials,
                     Timestamp now, std::chrono::seconds lifetime);

// name=value&…, encoded, in the order in which they are signed.
std::string canonical_query(std::vector<std::pair<std::string, std::string>> query);

}  // namespace inpaint::storage
