// A byte that chooses the method, a line with the target of a request, lines of headers. It passes the chain
// up to its route or is refused for a reason that the client understands.
#include "base/log.h"
#include "base/percent.h"
#include "http/exchange.h"
#include "http/json.h"
#include "http/middleware.h"
#include "http/text.h"
#include "input.h"

namespace inpaint::http {
namespace {

using fuzz::require;

Shared make_shared_parts() {
  log::set_level(log::Level::kOff);
  Router router;
  for (const char* pattern :
       {"/", "/health", "/api/users/:userId", "/api/users/profile", "/api/datasets/:name",
        "/api/datasets/:name/data", "/api/datasets/image/:imagePath"}) {
    for (const Method method : {Method::kGet, Method::kPut}) {
      router.add({method, pattern, [](const Request&) { return Response(); }});
    }
  }
  router.add({Method::kPost, "/api/datasets/upload", [](const Request&) { return Response(); }, Access::kUser,
              Body::kMultipart});
  return {.options = {},
          .router = std::move(router),
          .authentication = {},
          .rate_limiter = RateLimiter(0),
          .connections = AddressLimit(0),
          .streams = AddressLimit(0)};
}

Exchange make_exchange(fuzz::Input& input) {
  Exchange exchange;
  exchange.request.method = static_cast<Method>(input.byte() % (static_cast<int>(Method::kOther) + 1));
  const std::string_view target = input.line();
  const auto question = std::min(target.find('?'), target.size());
  exchange.raw_path = target.substr(0, question);
  exchange.raw_query = target.substr(std::min(question + 1, target.size()));
  exchange.has_valid_host = true;
  exchange.content_length = 1;
  while (!input.rest().empty()) {
    const std::string_view line = input.line();
    const auto colon = std::min(line.find(':'), line.size());
    exchange.request.headers.add(line.substr(0, colon), trim(line.substr(std::min(colon + 1, line.size()))));
  }
  return exchange;
}

void require_clean(const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    require(is_utf8(name) && is_utf8(value), "decoded texts are UTF-8");
    require(value.find('\0') == std::string::npos, "decoded texts have no NUL");
    require(percent_decode(percent_encode(value), false) == value, "encoding is undone by decoding");
  }
}

void check(fuzz::Input input) {
  static Shared shared = make_shared_parts();
  Exchange exchange = make_exchange(input);
  const bool passed = attempt(exchange, [&] {
    pass_entrance(exchange, shared);
    const Page page = parse_page(exchange.request);
    require(page.number >= 1 && page.limit >= 1 && page.limit <= 100 && page.offset() >= 0, "a page exists");
    parse_flag(exchange.request, "includeDeleted");
  });
  pass_exit(exchange);
  require(exchange.response.status < 500, "a request's head is never our fault");
  require(!exchange.request.id.empty() && exchange.request.id.size() <= 128, "every request has a name");
  require(!passed || exchange.is_answered || exchange.route != nullptr, "what passes has a route");
  require_clean(exchange.request.params);
  require_clean(exchange.request.query);
}

}  // namespace
}  // namespace inpaint::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  inpaint::http::check({bytes, size});
  return 0;
}
