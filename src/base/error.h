// base/ holds the few small types that every other folder shares. It uses nothing of ours.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inpaint {

// What kind of failure it is. Each kind has one HTTP status (http/error_mapping) and one exit code.
enum class ErrorKind {
  kInvalid,              // 400: the caller sent something that can never work
  kUnauthenticated,      // 401
  kPaymentRequired,      // 401 with INSUFFICIENT_TOKENS: the contract's choice of status
  kForbidden,            // 403
  kNotFound,             // 404
  kMethodNotAllowed,     // 405
  kTimeout,              // 408
  kConflict,             // 409
  kGone,                 // 410
  kLengthRequired,       // 411
  kTooLarge,             // 413
  kUnsupportedType,      // 415
  kRangeNotSatisfiable,  // 416
  kTooManyRequests,      // 429
  kHeadersTooLarge,      // 431
  kInternal,             // 500: our fault; the message is for the log, never for the client
  kUnavailable,          // 503: overloaded, or a dependency is down; trying again later may work
};

// One failed field of a request, or one fact that belongs to an error ("required", "2.75").
struct ErrorDetail {
  std::string field;
  std::string message;
};

// The one exception type of the program. `code` is stable and upper case; `what()` is a sentence for a
// person and never holds an internal detail unless kind is kInternal.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string code, const std::string& message, std::vector<ErrorDetail> details = {})
      : std::runtime_error(message), kind_(kind), code_(std::move(code)), details_(std::move(details)) {}

  ErrorKind kind() const { return kind_; }
  const std::string& code() const { return code_; }
  const std::vector<ErrorDetail>& details() const { return details_; }

 private:
  ErrorKind kind_;
  std::string code_;
  std::vector<ErrorDetail> details_;
};

inline Error invalid(std::string code, const std::string& message, std::vector<ErrorDetail> details = {}) {
  return {ErrorKind::kInvalid, std::move(code), message, std::move(details)};
}
inline Error not_found(const std::string& message) {
  return {ErrorKind::kNotFound, "NOT_FOUND", message};
}
inline Error conflict(std::string code, const std::string& message) {
  return {ErrorKind::kConflict, std::move(code), message};
}
// Of errno: the disk, or what this user may have of it, is used up.
inline bool is_disk_full(int error) {
  return error == ENOSPC || error == EDQUOT;
}
// A disk took no more of a file, whoever wrote it.
inline Error storage_full() {
  return {ErrorKind::kUnavailable, "STORAGE_FULL",
          "There is no room on the disk at the moment. Try again later."};
}
inline Error internal(const std::string& message) {
  return {ErrorKind::kInternal, "INTERNAL_ERROR", message};
}

}  // namespace inpaint
