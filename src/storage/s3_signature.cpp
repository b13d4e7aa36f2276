#include "storage/s3_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace inpaint::storage {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kHexDigits[byte >> 4U], kHexDigits[byte & 0x0FU]};
  }
  return text;
}

std::string sha256(std::string_view text) {
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1) {
    throw internal("no SHA-256");
  }
  return {digest.data(), size};
}

std::string hmac(std::string_view key, std::string_view text) {
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           reinterpret_cast<unsigned char*>(digest.data()), &size) == nullptr) {
    throw internal("no HMAC");
  }
  return {digest.data(), size};
}

// "20130524T000000Z"
std::string compact_time(Timestamp time) {
  std::string text = time.to_iso().substr(0, 19) + "Z";
  std::erase(text, '-');
  std::erase(text, ':');
  return text;
}

}  // namespace

std::string encode_component(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '-' || c == '.' || c == '_' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain) {
      encoded += c;
    } else {
      constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";
      encoded += {'%', kUpperHexDigits[byte >> 4U], kUpperHexDigits[byte & 0x0FU]};
    }
  }
  return encoded;
}

std::string canonical_query(std::vector<std::pair<std::string, std::string>> query) {
  for (auto& [name, value] : query) {
    name = encode_component(name);
    value = encode_component(value);
  }
  std::sort(query.begin(), query.end());
  std::string text;
  for (const auto& [name, value] : query) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

std::string sign_url(const std::string& endpoint, const std::string& path,
                     std::vector<std::pair<std::string, std::string>> query, const S3Credentials& credentials,
                     Timestamp now, std::chrono::seconds lifetime) {
  const std::string time = compact_time(now);
  const std::string date = time.substr(0, 8);
  const std::string scope = date + "/" + credentials.region + "/s3/aws4_request";
  query.insert(query.end(), {{"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
                             {"X-Amz-Credential", credentials.key_id + "/" + scope},
                             {"X-Amz-Date", time},
                             {"X-Amz-Expires", std::to_string(lifetime.count())},
                             {"X-Amz-SignedHeaders", "host"}});
  if (!credentials.session_token.empty())
    query.emplace_back("X-Amz-Security-Token", credentials.session_token);
  const std::string parameters = canonical_query(std::move(query));
  const std::string host = endpoint.substr(endpoint.find("://") + 3);
  const std::string canonical_request =
      "GET\n" + path + "\n" + parameters + "\nhost:" + host + "\n\nhost\nUNSIGNED-PAYLOAD";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + hex(sha256(canonical_request));
  std::string key = "AWS4" + credentials.secret;
  for (const std::string& part : {date, credentials.region, std::string("s3"), std::string("aws4_request")}) {
    key = hmac(key, part);
  }
  return endpoint + path + "?" + parameters + "&X-Amz-Signature=" + hex(hmac(key, to_sign));
}

}  // namespace inpaint::storage
