#include "accounts/jwt.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/digest.h"
#include "base/error.h"
#include "base/time.h"

namespace inpaint::accounts {
namespace {

constexpr std::size_t kMaximumLength = 4096;
constexpr std::size_t kMinimumKeyBytes = 32;
constexpr std::size_t kMaximumKnown = 1000;  // about a megabyte
constexpr std::size_t kDigestBytes = 32;
constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";

using MacContext = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;

Error invalid_token() {
  return {ErrorKind::kUnauthenticated, "UNAUTHENTICATED", "The token is invalid or has expired."};
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Base64 with the URL's alphabet and without padding (RFC 4648, section 5), on top of OpenSSL's.
std::string encode(std::string_view data) {
  std::string text((data.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes(data), static_cast<int>(data.size()));
  text.resize((data.size() * 4 + 2) / 3);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::optional<std::string> decode(std::string_view text) {
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - text.size() % 4) % 4, '=');
  std::string data(padded.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(data.data()), bytes(padded),
                                   static_cast<int>(padded.size()));
  if (size < 0) return std::nullopt;
  data.resize(text.size() * 3 / 4);
  return data;
}

// The object of a token's segment.
http::Json parse_segment(std::string_view segment) {
  const std::optional<std::string> text = decode(segment);
  http::Json object = text ? http::Json::parse(*text, nullptr, false) : http::Json();
  if (!object.is_object()) throw invalid_token();
  return object;
}

void check_header(std::string_view segment) {
  static const std::string ours = encode(kHeader);
  if (segment == ours) return;  // nearly always
  const http::Json header = parse_segment(segment);
  if (header.value("alg", http::Json()) != "HS256" || header.contains("crit")) throw invalid_token();
}

void check_claims(const http::Json& claims, std::string_view expected_audience) {
  const auto audience = claims.find("aud");
  const auto expiry = claims.find("exp");
  if (audience == claims.end() || *audience != expected_audience) throw invalid_token();
  if (expiry == claims.end() || !expiry->is_number_integer()) throw invalid_token();
  if (expiry->get<std::int64_t>() <= Timestamp::now().unix_ms / 1000) throw invalid_token();
}

// In a time that says nothing of where they differ.
bool is_equal(std::string_view given, std::string_view expected) {
  return given.size() == expected.size() && CRYPTO_memcmp(given.data(), expected.data(), given.size()) == 0;
}

// HMAC-SHA256 with its key set, to be duplicated for each message.
MacContext keyed_context(const std::string& key) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                                              &EVP_MAC_free);
  MacContext context(mac ? EVP_MAC_CTX_new(mac.get()) : nullptr, &EVP_MAC_CTX_free);
  std::string digest = "SHA256";
  const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                              OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_init(context.get(), bytes(key), key.size(), parameters.data()) != 1) {
    throw internal("the signing of tokens could not be set up");
  }
  return context;
}

}  // namespace

Jwt::Jwt(const std::string& key) : keyed_(keyed_context(key)) {
  if (key.size() < kMinimumKeyBytes) throw internal("a key of a token has less than 32 bytes");
}

std::string Jwt::signature(std::string_view text) const {
  const MacContext context(EVP_MAC_CTX_dup(keyed_.get()), &EVP_MAC_CTX_free);
  std::array<unsigned char, kDigestBytes> digest{};
  std::size_t size = 0;
  if (!context || EVP_MAC_update(context.get(), bytes(text), text.size()) != 1 ||
      EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) != 1) {
    throw internal("a token could not be signed");
  }
  return encode({reinterpret_cast<const char*>(digest.data()), size});
}

std::string Jwt::sign(const http::Json& claims) const {
  const std::string text = encode(kHeader) + "." + encode(claims.dump());
  return text + "." + signature(text);
}

Jwt::Claims Jwt::verify(std::string_view token, std::string_view audience) const {
  const std::size_t header_end = token.find('.');
  const std::size_t claims_end = token.rfind('.');
  if (token.size() > kMaximumLength || header_end == claims_end ||
      token.find('.', header_end + 1) != claims_end) {
    throw invalid_token();
  }
  const std::string text(token.substr(0, claims_end));
  const std::string_view given = token.substr(claims_end + 1);
  SharedGenuine genuine = recall(text);
  if (!is_equal(given, genuine ? genuine->signature : signature(text))) throw invalid_token();
  if (!genuine) {
    // Signed, but a holder of the key may have signed what is not meant for us.
    check_header(token.substr(0, header_end));
    http::Json claims = parse_segment(token.substr(header_end + 1, claims_end - header_end - 1));
    genuine = std::make_shared<const Genuine>(Genuine{std::string(given), std::move(claims)});
    remember(text, genuine);
  }
  check_claims(genuine->claims, audience);
  return {genuine, &genuine->claims};
}

Jwt::SharedGenuine Jwt::recall(const std::string& text) const {
  const std::scoped_lock lock(known_->mutex);
  const auto found = known_->by_text.find(text);
  return found == known_->by_text.end() ? nullptr : found->second;
}

void Jwt::remember(const std::string& text, SharedGenuine genuine) const {
  const std::scoped_lock lock(known_->mutex);
  if (known_->by_text.size() >= kMaximumKnown) known_->by_text.clear();
  known_->by_text.emplace(text, std::move(genuine));
}

std::string derive_key(std::string_view secret, std::string_view purpose) {
  return hmac_sha256(secret, purpose);
}

}  // namespace inpaint::accounts
