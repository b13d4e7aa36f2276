#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/message.h"

namespace inpaint::http {

// A plain function: it may block (SQL, bcrypt, decoding, files) because the server runs it on the bounded
// blocking pool, never on a network thread. It throws inpaint::Error to refuse.
using Handler = std::function<Response(const Request&)>;

enum class Access { kPublic, kUser, kAdministrator };
enum class Body { kNone, kJson, kMultipart };
// What takes long has threads of its own, so that it never has all those that others need: kSlowPool for
// what keeps a core busy, such as bcrypt, kUploadPool for what decodes uploads, perhaps for minutes,
// kFilePool for what answers with a file, perhaps from a bucket that does not answer. kNetworkThread: only
// what never blocks and answers with text (/health).
enum class RunOn { kBlockingPool, kSlowPool, kUploadPool, kFilePool, kNetworkThread };

struct Route {
  Method method = Method::kGet;
  std::string pattern;  // "/api/users/:userId"; a ":name" segment matches one non-empty decoded segment
  Handler handler;
  Access access = Access::kPublic;
  Body body = Body::kNone;
  RunOn run_on = RunOn::kBlockingPool;
};

// Literal segments win over parameters. A trailing slash changes nothing. HEAD is served by GET.
class Router {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string> params;
  };
  // Throws kNotFound (no such path) or kMethodNotAllowed (details name the allowed methods), or kInvalid
  // for a target that is not well-formed percent-encoded UTF-8. `target` is the raw request target path.
  Match match(Method method, std::string_view raw_path) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  using Pattern = std::vector<std::string>;  // its segments
  static std::optional<unsigned> fit(const Pattern& pattern, const std::vector<std::string>& segments);
  [[noreturn]] static void throw_unmatched(std::vector<std::string> allowed);

  std::vector<Route> routes_;
  std::vector<Pattern> patterns_;  // of the routes, in their order
  // Where the routes without parameters are, by "GET /pattern": most requests are for one of them.
  std::unordered_map<std::string, std::size_t> literals_;
};

}  // namespace inpaint::http
