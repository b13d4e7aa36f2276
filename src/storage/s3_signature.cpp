#include "storage/s3_signature.h"

#include <algorithm>

#include "base/digest.h"
#include "base/percent.h"

namespace inpaint::storage {
namespace {

// "20130524T000000Z"
std::string compact_time(Timestamp time) {
  std::string text = time.to_iso().substr(0, 19) + "Z";
  std::erase(text, '-');
  std::erase(text, ':');
  return text;
}

}  // namespace

std::string canonical_query(std::vector<std::pair<std::string, std::string>> query) {
  for (auto& [name, value] : query) {
    name = percent_encode(name);
    value = percent_encode(value);
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
    key = hmac_sha256(key, part);
  }
  return endpoint + path + "?" + parameters + "&X-Amz-Signature=" + hex(hmac_sha256(key, to_sign));
}

}  // namespace inpaint::storage
