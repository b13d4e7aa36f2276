#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "accounts/jwt.h"
#include "base/uuid.h"

namespace inpaint::accounts {

// Links that work without logging in: the token in the path names one user, one blob and one purpose, and
// ends. A link is no session (its audience and its key differ), and a consumer still has to look whether the
// row that the blob belongs to exists.
class SignedLinks {
 public:
  enum class Purpose { kImage, kResult };

  explicit SignedLinks(std::string_view secret);

  // A token for the path of a URL: letters, digits, '-', '_' and '.' only.
  std::string make(const UserId& user, Purpose purpose, std::string_view key,
                   std::chrono::seconds lifetime = std::chrono::hours(24)) const;

  struct Link {
    UserId user;
    std::string key;  // of the blob
  };
  // Throws kNotFound: a link that is forged, of another purpose or over is like one that never was.
  Link verify(std::string_view token, Purpose purpose) const;

 private:
  Jwt jwt_;
};

}  // namespace inpaint::accounts
