#include "client/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <fstream>
#include <new>
#include <stdexcept>

#include "base/error.h"

namespace inpaint::client {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{5'000};
constexpr std::size_t kHeaderLimitBytes = 64 * 1024;

// What one exchange sends and what has come of it, as libcurl's callbacks see it. They may not throw.
struct Exchange {
  explicit Exchange(const Request& asked) : request(asked) {}

  const Request& request;
  std::ifstream file = {};
  std::int64_t file_left = 0;
  Answer answer = {};
  std::size_t header_bytes = 0;
  curl_off_t moved_bytes = 0;  // in both directions, at `moved_at`
  std::chrono::steady_clock::time_point moved_at = std::chrono::steady_clock::now();
  bool is_stalled = false;
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line(data, size * count);
  exchange.header_bytes += line.size();
  if (exchange.header_bytes > kHeaderLimitBytes) return 0;
  if (line.starts_with("HTTP/")) exchange.answer.headers.clear();  // of "100 Continue"
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::size_t first = line.find_first_not_of(" \t", colon + 1);
  const std::size_t last = line.find_last_not_of(" \t\r\n");
  const bool is_blank = first == std::string_view::npos || last < first;
  exchange.answer.headers[std::move(name)] = is_blank ? "" : line.substr(first, last + 1 - first);
  return line.size();
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view piece(data, size * count);
  if (exchange.answer.body.size() + piece.size() > exchange.request.answer_limit_bytes) return 0;
  exchange.answer.body += piece;
  return piece.size();
}

std::size_t on_send(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const auto wanted = std::min(static_cast<std::int64_t>(size * count), exchange.file_left);
  exchange.file.read(data, wanted);
  if (exchange.file.gcount() != wanted) return CURL_READFUNC_ABORT;
  exchange.file_left -= wanted;
  return static_cast<std::size_t>(wanted);
}

void open_file(Exchange& exchange) {
  const FilePart& part = *exchange.request.file;
  exchange.file.clear();
  if (!exchange.file.is_open()) exchange.file.open(part.path, std::ios::binary);
  exchange.file.seekg(part.offset);
  exchange.file_left = part.length;
}

// A kept connection may turn out to be dead, and then the body is sent again.
int on_seek(void* user, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
  open_file(*static_cast<Exchange*>(user));
  return CURL_SEEKFUNC_OK;
}

// Called at least once a second. libcurl's own limit of speed looks at averages, and is seconds late.
int on_progress(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  auto& exchange = *static_cast<Exchange*>(user);
  const Request& request = exchange.request;
  const auto now = std::chrono::steady_clock::now();
  if (received + sent != exchange.moved_bytes) {
    exchange.moved_bytes = received + sent;
    exchange.moved_at = now;
  }
  exchange.is_stalled = request.timeout.count() == 0 && now - exchange.moved_at > request.stall;
  if (exchange.is_stalled) return 1;
  return request.is_cancelled && request.is_cancelled() ? 1 : 0;
}

template <typename Value>
void set(CURL* curl, CURLoption option, Value value) {
  if (curl_easy_setopt(curl, option, value) != CURLE_OK) throw internal("libcurl refuses an option");
}

void set_body(CURL* curl, Exchange& exchange) {
  const Request& request = exchange.request;
  if (request.file) {
    open_file(exchange);
    set(curl, CURLOPT_UPLOAD, 1L);
    set(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.file->length));
    set(curl, CURLOPT_READFUNCTION, on_send);
    set(curl, CURLOPT_READDATA, &exchange);
    set(curl, CURLOPT_SEEKFUNCTION, on_seek);
    set(curl, CURLOPT_SEEKDATA, &exchange);
  } else if (request.method == "POST" || !request.body.empty()) {
    set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.method == "HEAD") {
    set(curl, CURLOPT_NOBODY, 1L);
  } else {
    set(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void set_signature(CURL* curl, const Signer& signer) {
  set(curl, CURLOPT_AWS_SIGV4, ("aws:amz:" + signer.region + ":" + signer.service).c_str());
  set(curl, CURLOPT_USERNAME, signer.key_id.c_str());
  set(curl, CURLOPT_PASSWORD, signer.secret.c_str());
}

void set_limits(CURL* curl, const Request& request) {
  const auto connect_timeout = std::min(kConnectTimeout, request.stall);
  set(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout.count()));
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
}

class HeaderList {
 public:
  explicit HeaderList(const std::vector<std::string>& headers) {
    for (const std::string& header : headers) {
      curl_slist* longer = curl_slist_append(list_, header.c_str());
      if (longer == nullptr) throw std::bad_alloc();
      list_ = longer;
    }
  }
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace

std::string Answer::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

// An easy handle of libcurl, whose first one readies the library, from any thread (curl_global_init(3)).
class Client::Handle {
 public:
  Handle() : curl_(curl_easy_init()) {
    if (curl_ == nullptr) throw internal("libcurl can't be started");
  }
  ~Handle() { curl_easy_cleanup(curl_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // Forgets the last request but keeps the connections.
  CURL* ready() {
    curl_easy_reset(curl_);
    return curl_;
  }

 private:
  CURL* curl_;
};

Client::Client(std::optional<Signer> signer) : signer_(std::move(signer)) {}
Client::~Client() = default;

std::unique_ptr<Client::Handle> Client::take_handle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Handle>();
  std::unique_ptr<Handle> handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

Answer Client::perform(const Request& request) {
  std::unique_ptr<Handle> handle = take_handle();
  CURL* curl = handle->ready();
  const HeaderList headers(request.headers);
  Exchange exchange(request);
  set(curl, CURLOPT_URL, request.url.c_str());
  set(curl, CURLOPT_HTTPHEADER, headers.get());
  set(curl, CURLOPT_HEADERFUNCTION, on_header);
  set(curl, CURLOPT_HEADERDATA, &exchange);
  set(curl, CURLOPT_WRITEFUNCTION, on_body);
  set(curl, CURLOPT_WRITEDATA, &exchange);
  set(curl, CURLOPT_NOPROGRESS, 0L);
  set(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  set(curl, CURLOPT_XFERINFODATA, &exchange);
  set_limits(curl, request);
  set_body(curl, exchange);
  if (signer_) set_signature(curl, *signer_);

  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  exchange.answer.status = static_cast<int>(status);
  if (code == CURLE_ABORTED_BY_CALLBACK && !exchange.is_stalled && request.is_cancelled &&
      request.is_cancelled()) {
    throw conflict("CANCELLED", "The request was cancelled.");
  }
  if (code != CURLE_OK) {
    throw Error(ErrorKind::kUnavailable, "UNREACHABLE",
                std::string("Another server did not answer: ") +
                    (exchange.is_stalled ? "it stands still" : curl_easy_strerror(code)) + ".");
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(handle));
  return std::move(exchange.answer);
}

}  // namespace inpaint::client
