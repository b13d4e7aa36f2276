#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/json.h"

struct evp_mac_ctx_st;  // OpenSSL's

namespace inpaint::accounts {

// Signs and verifies JSON Web Tokens (RFC 7519) with HS256 and nothing else, whatever the token's header
// asks for, on OpenSSL's HMAC. Every token says what it is for (`aud`) and when it ends (`exp`); whoever
// consumes it names the audience it expects, so that a token made for one purpose never serves another.
class Jwt {
 public:
  using Claims = std::shared_ptr<const http::Json>;

  // `key`: at least 32 bytes.
  explicit Jwt(const std::string& key);

  // `claims` must hold `aud` and `exp` (seconds since 1970).
  std::string sign(const http::Json& claims) const;

  // The claims of a genuine, unexpired token of that audience. Throws kUnauthenticated UNAUTHENTICATED. The
  // signature that a genuine text must have, and its JSON, are remembered for a while; whether the token has
  // that signature, and its end, is looked at each time.
  Claims verify(std::string_view token, std::string_view audience) const;

 private:
  // Of a token's first two segments, as its third.
  std::string signature(std::string_view text) const;

  // What a genuine token's first two segments say, and the signature that they have.
  struct Genuine {
    std::string signature;
    http::Json claims;
  };
  using SharedGenuine = std::shared_ptr<const Genuine>;

  // Null when there was no such genuine token lately.
  SharedGenuine recall(const std::string& text) const;
  void remember(const std::string& text, SharedGenuine genuine) const;

  struct Known {
    std::mutex mutex;
    std::unordered_map<std::string, SharedGenuine> by_text;
  };
  std::shared_ptr<evp_mac_ctx_st> keyed_;
  std::shared_ptr<Known> known_ = std::make_shared<Known>();
};

// A key for one purpose, made from the one secret that is configured (HMAC-SHA256 of the purpose's name),
// so that tokens of different purposes do not share a key. The secret can't be found from it.
std::string derive_key(std::string_view secret, std::string_view purpose);

}  // namespace inpaint::accounts
