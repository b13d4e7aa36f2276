#include "storage/s3_bucket.h"

#include <algorithm>
#include <array>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <charconv>
#include <limits>
#include <sstream>

#include "base/error.h"
#include "base/log.h"
#include "client/backoff.h"
#include "storage/s3_signature.h"

namespace inpaint::storage {
namespace {

using client::Answer;
using client::Request;
using Xml = boost::property_tree::ptree;

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2'000};
constexpr int kFailuresUntilOpen = 3;
constexpr std::chrono::milliseconds kCoolDown{5'000};
constexpr std::size_t kListLimitBytes = 8 << 20;  // 1,000 keys of 1,024 bytes, and what is told of them

Error unavailable() {
  return {ErrorKind::kUnavailable, "STORAGE_UNAVAILABLE", "The storage does not answer. Try again later."};
}

// Throws boost's error for what is no XML.
Xml parse(const std::string& text) {
  std::istringstream stream(text);
  Xml document;
  read_xml(stream, document);
  return document;
}

// The code of an answer that refuses, "NoSuchKey"; its status when it says none.
std::string code_of(const Answer& answer) {
  try {
    return parse(answer.body).get<std::string>("Error.Code");
  } catch (const boost::property_tree::ptree_error&) {
    return std::to_string(answer.status);
  }
}

// A success may turn into a failure while its answer is under way already: then it is in the body.
bool is_success(const Answer& answer) {
  return answer.is_success() && (answer.status != 200 || answer.body.find("<Error>") == std::string::npos);
}

// Whether another try may help: the server is overloaded, or not whole at the moment.
bool is_later(const Answer& answer) {
  const std::string code = answer.status == 200 && !is_success(answer) ? code_of(answer) : "";
  const auto is_one_of = [](const auto& value, const auto& values) {
    return std::find(std::begin(values), std::end(values), value) != std::end(values);
  };
  constexpr std::array kStatuses{429, 500, 502, 503, 504};
  constexpr std::array<std::string_view, 4> kCodes{"InternalError", "SlowDown", "ServiceUnavailable",
                                                   "RequestTimeout"};
  return is_one_of(answer.status, kStatuses) || is_one_of(code, kCodes);
}

std::string url_of(const S3Options& options) {
  return options.endpoint + "/" + options.bucket;
}

template <typename Read>
auto read_document(const Answer& answer, const Read& read) {
  try {
    return read(parse(answer.body));
  } catch (const boost::property_tree::ptree_error& error) {
    throw internal(std::string("the bucket's answer can't be read: ") + error.what());
  }
}

Timestamp time_of(const std::string& text) {
  const auto time = Timestamp::parse_iso(text);
  if (!time) throw internal("the bucket's time of a blob can't be read");
  return *time;
}

S3Credentials credentials_of(const S3Options& options) {
  return {options.region, options.key_id, options.secret, options.session_token};
}

}  // namespace

S3Bucket::S3Bucket(const S3Options& options)
    : options_(options),
      client_(client::Signer{options.region, "s3", options.key_id, options.secret}),
      breaker_("the bucket", options.fail_fast ? kFailuresUntilOpen : std::numeric_limits<int>::max(),
               kCoolDown) {}

// libcurl signs every header that stands here.
Request S3Bucket::request(std::string method, std::string_view key, const Query& query) const {
  Request request;
  request.method = std::move(method);
  request.url = url_of(options_);
  if (!key.empty()) request.url.append("/").append(key);  // whose characters are as in a URL: see key.h
  if (!query.empty()) request.url += "?" + canonical_query(query);
  request.headers = {"x-amz-content-sha256: UNSIGNED-PAYLOAD"};
  if (!options_.session_token.empty()) {
    request.headers.push_back("x-amz-security-token: " + options_.session_token);
  }
  return request;
}

Answer S3Bucket::ask(Request request) {
  using Clock = client::CircuitBreaker::Clock;
  const auto end = Clock::now() + options_.patience;
  if (breaker_.ask(Clock::now()).count() > 0) throw unavailable();
  client::Backoff backoff(kFirstPause, kLongestPause);
  for (;;) {
    std::string trouble;
    try {
      request.stall = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
      Answer answer = client_.perform(request);
      if (!is_later(answer)) {
        breaker_.succeeded();
        return answer;
      }
      trouble = code_of(answer);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUnavailable) throw;
      trouble = error.what();
    }
    log::warn("storage", "the bucket did not answer", {{"bucket", url_of(options_)}, {"reason", trouble}});
    const auto pause = backoff.next();
    if (Clock::now() + pause >= end) {
      breaker_.failed(Clock::now());
      throw unavailable();
    }
    client::pause(pause, nullptr);
  }
}

// The code is for who runs the service, not for its clients.
Error S3Bucket::refusal(const Answer& answer) const {
  log::error(
      "storage", "the bucket refuses a request",
      {{"bucket", url_of(options_)}, {"code", code_of(answer)}, {"status", std::int64_t{answer.status}}});
  return unavailable();
}

Answer S3Bucket::succeed(Request request) {
  Answer answer = ask(std::move(request));
  if (!is_success(answer)) throw refusal(answer);
  return answer;
}

bool S3Bucket::is_absence(const Answer& answer) {
  if (answer.status != 404) return false;
  const bool is_said = code_of(answer) == "NoSuchKey";
  if (!is_said) succeed(request("HEAD", ""));  // the answer to a HEAD has no code
  return true;
}

void S3Bucket::put(std::string_view key, const client::FilePart& file) {
  Request put = request("PUT", key);
  put.file = file;
  succeed(std::move(put));
}

void S3Bucket::put(std::string_view key, std::string_view content) {
  Request put = request("PUT", key);
  put.body = content;
  succeed(std::move(put));
}

std::string S3Bucket::begin_upload(std::string_view key) {
  return read_document(succeed(request("POST", key, {{"uploads", ""}})), [](const Xml& document) {
    return document.get<std::string>("InitiateMultipartUploadResult.UploadId");
  });
}

std::string S3Bucket::put_part(std::string_view key, const std::string& upload, int number,
                               const client::FilePart& part) {
  Request put = request("PUT", key, {{"partNumber", std::to_string(number)}, {"uploadId", upload}});
  put.file = part;
  return succeed(std::move(put)).header("etag");
}

void S3Bucket::complete_upload(std::string_view key, const std::string& upload,
                               const std::vector<std::string>& etags, std::int64_t size_bytes) {
  Request post = request("POST", key, {{"uploadId", upload}});
  post.headers.emplace_back("Content-Type: application/xml");
  post.body = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    post.body +=
        "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + etags[i] + "</ETag></Part>";
  }
  post.body += "</CompleteMultipartUpload>";
  const Answer answer = ask(std::move(post));
  if (is_success(answer)) return;
  const bool was_done = answer.status == 404 && size_of(key) == size_bytes;  // and its answer was lost
  if (!was_done) throw refusal(answer);
}

void S3Bucket::abort_upload(std::string_view key, const std::string& upload) {
  const Answer answer = ask(request("DELETE", key, {{"uploadId", upload}}));
  if (!answer.is_success() && answer.status != 404) throw refusal(answer);
}

std::vector<S3Bucket::Upload> S3Bucket::uploads() {
  Request get = request("GET", "", {{"uploads", ""}});
  get.answer_limit_bytes = kListLimitBytes;
  return read_document(succeed(std::move(get)), [](const Xml& document) {
    std::vector<Upload> uploads;
    for (const auto& [name, entry] : document.get_child("ListMultipartUploadsResult")) {
      if (name != "Upload") continue;
      uploads.push_back({entry.get<std::string>("Key"), entry.get<std::string>("UploadId"),
                         time_of(entry.get<std::string>("Initiated"))});
    }
    return uploads;
  });
}

std::optional<std::int64_t> S3Bucket::size_of(std::string_view key) {
  const Answer answer = ask(request("HEAD", key));
  if (is_absence(answer)) return std::nullopt;
  if (!answer.is_success()) throw refusal(answer);
  const std::string length = answer.header("content-length");
  std::int64_t size = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), size);
  if (error != std::errc() || end != length.data() + length.size()) {
    throw internal("the bucket does not say how large a blob is");
  }
  return size;
}

std::string S3Bucket::get(std::string_view key, std::int64_t offset, std::int64_t length) {
  Request get = request("GET", key);
  get.headers.push_back("Range: bytes=" + std::to_string(offset) + "-" + std::to_string(offset + length - 1));
  get.answer_limit_bytes = static_cast<std::size_t>(length);
  Answer answer = ask(std::move(get));
  if (is_absence(answer)) throw not_found("There is no such file.");
  if (answer.status != 206 || static_cast<std::int64_t>(answer.body.size()) != length) throw refusal(answer);
  return std::move(answer.body);
}

void S3Bucket::remove(std::string_view key) {
  const Answer answer = ask(request("DELETE", key));
  if (!answer.is_success() && !is_absence(answer)) throw refusal(answer);
}

void S3Bucket::list(std::string_view prefix,
                    const std::function<void(std::string key, std::int64_t size, Timestamp)>& visit) {
  std::string next;
  do {
    Query query{{"list-type", "2"}, {"prefix", std::string(prefix)}};
    if (!next.empty()) query.emplace_back("continuation-token", next);
    Request get = request("GET", "", query);
    get.answer_limit_bytes = kListLimitBytes;
    next = read_document(succeed(std::move(get)), [&](const Xml& document) {
      const Xml& page = document.get_child("ListBucketResult");
      for (const auto& [name, entry] : page) {
        if (name != "Contents") continue;
        visit(entry.get<std::string>("Key"), entry.get<std::int64_t>("Size"),
              time_of(entry.get<std::string>("LastModified")));
      }
      return page.get<bool>("IsTruncated", false) ? page.get<std::string>("NextContinuationToken")
                                                  : std::string();
    });
  } while (!next.empty());
}

std::string S3Bucket::make_link(std::string_view key, const Query& query,
                                std::chrono::seconds lifetime) const {
  const std::string& endpoint =
      options_.public_endpoint.empty() ? options_.endpoint : options_.public_endpoint;
  return sign_url(endpoint, "/" + options_.bucket + "/" + std::string(key), query, credentials_of(options_),
                  Timestamp::now(), lifetime);
}

}  // namespace inpaint::storage
