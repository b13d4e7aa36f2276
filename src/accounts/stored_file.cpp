#include "accounts/stored_file.h"

#include <utility>

namespace inpaint::accounts {
namespace {

constexpr auto kCaching = "private, max-age=3600";

}  // namespace

http::Response stored_file(const http::Request& request, storage::Storage& storage, const std::string& key,
                           http::FileBody file) {
  const storage::Storage::Presentation shown{file.content_type, http::content_disposition(file), kCaching};
  if (request.method == http::Method::kGet) {
    if (const auto url = storage.make_link(key, shown)) return http::redirect(*url);
  }
  file.content = storage.open(key);
  http::Response response;
  response.headers.set("Cache-Control", kCaching);
  response.content_type = file.content_type;
  response.body = std::move(file);
  return response;
}

}  // namespace inpaint::accounts
