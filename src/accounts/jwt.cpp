#include "accounts/jwt.h"

#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "base/time.h"

namespace inpaint::accounts {
namespace {

constexpr std::size_t kMaximumLength = 4096;
constexpr std::size_t kMinimumKeyBytes = 32;

using Handle = std::unique_ptr<jwt_t, decltype(&jwt_free)>;
using Text = std::unique_ptr<char, decltype(&std::free)>;

Error refused() {
  return {ErrorKind::kUnauthenticated, "UNAUTHENTICATED", "The token is invalid or has expired."};
}

bool is_token_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

const unsigned char* bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Jwt::Jwt(std::string key) : key_(std::move(key)) {
  if (key_.size() < kMinimumKeyBytes) throw internal("a key of a token has less than 32 bytes");
}

std::string Jwt::sign(const http::Json& claims) const {
  jwt_t* raw = nullptr;
  if (jwt_new(&raw) != 0) throw internal("a token could not be made");
  const Handle jwt(raw, &jwt_free);
  if (jwt_set_alg(raw, JWT_ALG_HS256, bytes(key_), static_cast<int>(key_.size())) != 0 ||
      jwt_add_grants_json(raw, claims.dump().c_str()) != 0) {
    throw internal("a token could not be made");
  }
  const Text text(jwt_encode_str(raw), &std::free);
  if (!text) throw internal("a token could not be signed");
  return text.get();
}

http::Json Jwt::verify(std::string_view token, std::string_view audience) const {
  if (token.empty() || token.size() > kMaximumLength ||
      !std::all_of(token.begin(), token.end(), is_token_character)) {
    throw refused();
  }
  jwt_t* raw = nullptr;
  if (jwt_decode(&raw, std::string(token).c_str(), bytes(key_), static_cast<int>(key_.size())) != 0) {
    throw refused();
  }
  const Handle jwt(raw, &jwt_free);
  if (jwt_get_alg(raw) != JWT_ALG_HS256) throw refused();
  const Text text(jwt_get_grants_json(raw, nullptr), &std::free);
  if (!text) throw refused();
  http::Json claims = http::Json::parse(text.get(), nullptr, false);
  if (!claims.is_object()) throw refused();
  const auto audience_claim = claims.find("aud");
  const auto expiry = claims.find("exp");
  if (audience_claim == claims.end() || *audience_claim != audience) throw refused();
  if (expiry == claims.end() || !expiry->is_number_integer()) throw refused();
  if (expiry->get<std::int64_t>() <= Timestamp::now().unix_ms / 1000) throw refused();
  return claims;
}

std::string derive_key(std::string_view secret, std::string_view purpose) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(), digest.data(),
           &length) == nullptr) {
    throw internal("a key could not be derived");
  }
  return {reinterpret_cast<const char*>(digest.data()), length};
}

}  // namespace inpaint::accounts
