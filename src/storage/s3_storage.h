#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "storage/storage.h"
#include "storage/temporary_area.h"

namespace inpaint::storage {

// A bucket of Amazon's S3, or of any server that speaks its protocol, addressed as ENDPOINT/BUCKET/KEY.
struct S3Options {
  std::string bucket;           // exists, and is ours alone
  std::string endpoint;         // "https://s3.example.com", without a slash at its end; empty: Amazon's
  std::string public_endpoint;  // as clients reach it, for links; empty: as we do
  std::string region = "us-east-1";
  std::string key_id;
  std::string secret;
  std::string session_token;             // of credentials that are lent for a time; empty: none
  bool redirect = false;                 // clients fetch files from the bucket
  std::int64_t part_bytes = 16LL << 20;  // a larger file is sent in parts of this size
  std::chrono::milliseconds patience = std::chrono::seconds(15);  // for a server that does not answer
  // After three requests that got no answer, others fail at once, but for one every few seconds. False: each
  // waits its patience, as work in the background may.
  bool fail_fast = true;
};

// Copies that others need as files are made in `temporary`, which must outlive the storage. Asks nothing yet.
// Throws kInvalid BAD_SETTING without a key.
std::unique_ptr<Storage> make_s3_storage(S3Options options, const TemporaryArea& temporary);

}  // namespace inpaint::storage
