// A byte that chooses a route, a line with the Content-Type (empty: the usual one), the body. Whatever the
// body says, the route's own handler answers it or blames the client.
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "accounts/routes.h"
#include "admin/routes.h"
#include "base/error.h"
#include "base/log.h"
#include "datasets/routes.h"
#include "inferences/routes.h"
#include "input.h"

namespace inpaint {
namespace {

using fuzz::require;
using http::Json;
using http::Method;

// The service without its server, on a database in memory.
class Application {
 public:
  Application() {
    log::set_level(log::Level::kOff);
    database_->migrate();
    user_ = std::make_shared<accounts::User>(
        accounts_.register_user({"Ada", "Lovelace", "ada@example.com", "password1"}));
    datasets_.create(user_->id, "photos", {});
    accounts::add_routes(router_, accounts_, *database_);
    datasets::add_routes(router_, datasets_, ingest_, *storage_, links_,
                         [this](const http::Request&) { return user_; });
    inferences::add_routes(router_, inferences_, *storage_, links_);
    admin::add_routes(router_, admin_);
  }
  ~Application() { std::filesystem::remove_all(directory_); }
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  http::Response answer(Method method, const std::string& path, http::Request request) {
    const http::Router::Match match = router_.match(method, path);
    request.params = match.params;
    request.user = user_;
    request.remote_address = "127.0.0.1";
    return match.route->handler(request);
  }

  std::string own_path() const { return "/api/users/" + user_->id.to_string(); }

 private:
  static std::filesystem::path make_directory() {
    std::string path = std::filesystem::temp_directory_path() / "inpaint-fuzz-XXXXXX";
    require(::mkdtemp(path.data()) != nullptr, "there is room for a directory");
    return path;
  }

  const std::filesystem::path directory_ = make_directory();
  std::unique_ptr<database::Database> database_ = database::open_sqlite(":memory:", 1);
  std::unique_ptr<storage::Storage> storage_ = storage::make_local_storage(directory_ / "blobs");
  storage::TemporaryArea temporary_{directory_ / "tmp"};
  std::unique_ptr<queue::Queue> queue_ = queue::make_embedded_queue(*database_, {});
  accounts::SignedLinks links_{"0123456789abcdef0123456789abcdef"};
  accounts::Service accounts_{*database_,
                              accounts::Sessions("0123456789abcdef0123456789abcdef", std::chrono::hours(1)),
                              4, [](database::Session&, const UserId&) {}};
  datasets::Service datasets_{*database_};
  datasets::Ingest ingest_{*database_, *storage_, temporary_, media::Limits{}};
  inferences::Relay relay_{*database_, *queue_};
  inferences::Service inferences_{*database_, *queue_, relay_};
  admin::Service admin_{accounts_, *database_};
  std::shared_ptr<const accounts::User> user_;
  http::Router router_;
};

http::Response answer(Application& application, fuzz::Input input) {
  struct Target {
    Method method;
    std::string path;
  };
  static const std::array kTargets{
      Target{Method::kPost, "/api/users/user"},     Target{Method::kPost, "/api/users/login"},
      Target{Method::kPut, application.own_path()}, Target{Method::kPost, "/api/datasets"},
      Target{Method::kPost, "/api/inferences"},     Target{Method::kPost, "/api/admin/user-tokens"}};
  const Target& target = kTargets[input.byte() % kTargets.size()];
  const std::string_view content_type = input.line();
  http::Request request;
  request.headers.set("Content-Type", content_type.empty() ? "application/json" : content_type);
  request.body = input.rest();
  try {
    return application.answer(target.method, target.path, std::move(request));
  } catch (const Error& error) {
    return http::to_response(error, "request");
  }
}

void check(fuzz::Input input) {
  static Application application;
  const http::Response response = answer(application, input);
  require(response.status < 500, "a body is never our fault");
  const Json body = Json::parse(std::get<std::string>(response.body), nullptr, false);
  require(body.is_object() && body.contains("success"), "the answer is a JSON object");
  require(body["success"] == (response.status < 300), "its status and its text say the same");
}

}  // namespace
}  // namespace inpaint

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  inpaint::check({bytes, size});
  return 0;
}
