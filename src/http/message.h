// http/ speaks HTTP and nothing else: a server on Boost.Beast, a router, a middleware chain, streaming
// multipart, files with ranges, server-sent events. It knows no feature and no database; it uses base/
// only. Beast and Asio stay inside its .cpp files: features see the types of this header and router.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace inpaint {
class ByteSource;
}
namespace inpaint::accounts {
struct User;  // http/ carries the caller from authentication to handler without looking inside
}

namespace inpaint::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

// "GET"; "OTHER" for what has no name here.
std::string_view to_string(Method method);

// Header fields in order; names compare without regard to case.
class Headers {
 public:
  // The first value of that name, or nothing.
  std::optional<std::string_view> find(std::string_view name) const;
  void add(std::string_view name, std::string_view value) {
    if (fields_.empty()) fields_.reserve(kUsual);
    fields_.emplace_back(name, value);
  }
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  static constexpr std::size_t kUsual = 8;

  std::vector<std::pair<std::string, std::string>> fields_;
};

// One file of a multipart body, already on disk. The file is deleted with the last copy of the Form that
// holds it, unless a handler moved it away first.
struct UploadedFile {
  std::string field;      // the part's name: "image", "mask"
  std::string file_name;  // as the client said it; never part of a path of ours
  std::filesystem::path path;
  std::int64_t size_bytes = 0;
};

struct Form {
  std::map<std::string, std::string> fields;
  std::vector<UploadedFile> files;

  // The first file of that field, or null.
  const UploadedFile* find_file(std::string_view field) const;

  Form() = default;
  Form(const Form&) = delete;
  Form& operator=(const Form&) = delete;
  ~Form();  // removes the files
};

struct Request {
  Method method = Method::kGet;
  std::string path;                           // percent-decoded, without the query
  std::map<std::string, std::string> params;  // decoded values of the route's ":name" segments
  std::map<std::string, std::string> query;   // decoded; the last of equal names
  Headers headers;
  std::string body;                  // whole, for routes that accept JSON; else empty
  std::shared_ptr<const Form> form;  // for routes that accept multipart; else null
  std::string remote_address;
  std::string id;                              // X-Request-Id
  std::shared_ptr<const accounts::User> user;  // set by authentication on routes that need it

  const std::string& param(std::string_view name) const;  // a parameter the route declares
  std::optional<std::string> query_value(std::string_view name) const;
};

// A file, or the part of it that a Range header asks for; the server does ranges, ETag and If-None-Match.
struct FileBody {
  std::shared_ptr<ByteSource> content;
  std::string content_type;
  std::string etag;  // strong, with its quotes
  std::string name;  // for Content-Disposition; empty: without one
  enum class Disposition { kAttachment, kInline } disposition = Disposition::kAttachment;
};

// Server-sent events. The server calls `next` on the blocking pool every `interval`; it returns text in
// event-stream form to send ("" for nothing new), or nothing when the stream ends.
struct EventStream {
  std::function<std::optional<std::string>()> next;
  std::chrono::milliseconds interval{200};
};

struct Response {
  int status = 200;
  Headers headers;
  std::string content_type = "application/json; charset=utf-8";
  std::variant<std::string, FileBody, EventStream> body;
};

// Attachment or not, and the name for old clients and new ones (RFC 6266).
std::string content_disposition(const FileBody& file);

// 302 to a link that is good for this client alone.
Response redirect(std::string_view url);

// {"success": false, "message": …, "error": {"code": …, "details": […]}} with the status of error.kind().
// Internal errors show a fixed sentence and the request id, never error.what().
Response to_response(const Error& error, std::string_view request_id);

}  // namespace inpaint::http
