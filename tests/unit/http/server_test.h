#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <latch>
#include <span>
#include <thread>

#include "base/log.h"
#include "http/json.h"
#include "http/server.h"
#include "unit/http/client.h"
#include "unit/temporary_directory.h"

namespace inpaint::accounts {
struct User {
  std::string name;
};
}  // namespace inpaint::accounts

namespace inpaint::http::test {

inline Json json(const Answer& answer) {
  return Json::parse(answer.body);
}

inline std::string text(const Answer& answer, const char* field) {
  return json(answer)[field].get<std::string>();
}

inline std::string code(const Answer& answer) {
  return json(answer)["error"]["code"].get<std::string>();
}

// A server with one route of each kind, on a port of its own. A test changes options_, router_ and
// authenticate_, then calls start().
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    log::set_level(log::Level::kOff);
    options_.host = "127.0.0.1";
    options_.port = 0;
    options_.requests_per_minute = 0;
    options_.temporary_directory = directory_.path() / "uploads";
    std::filesystem::create_directories(options_.temporary_directory);
    const auto hello = [](const Request&) { return json_response(200, {{"hello", "world"}}); };
    router_.add({Method::kGet, "/quick", hello, Access::kPublic, Body::kNone, RunOn::kNetworkThread});
    router_.add({Method::kGet, "/hello", hello});
    router_.add({Method::kGet, "/echo/:text", [](const Request& r) {
                   return json_response(200, {{"text", r.param("text")}, {"query", r.query}});
                 }});
    router_.add({Method::kGet, "/me",
                 [](const Request& r) {
                   return json_response(200, {{"name", r.user->name}});
                 },
                 Access::kUser});
    router_.add({Method::kGet, "/administration", hello, Access::kAdministrator});
    router_.add({Method::kPost, "/json",
                 [](const Request& r) {
                   return json_response(201, {{"got", parse_object(r)}});
                 },
                 Access::kPublic, Body::kJson});
    router_.add({Method::kGet, "/broken",
                 [](const Request&) -> Response { throw std::runtime_error("a secret path"); }});
  }

  std::uint16_t start() {
    server_ = std::make_unique<Server>(
        options_, std::move(router_),
        Authentication{.authenticate = authenticate_,
                       .is_administrator = [](const accounts::User& user) { return user.name == "admin"; },
                       .open_inquiry = open_inquiry_});
    return port_ = server_->start();
  }

  // Believes every caller who gives a name.
  static void believe(std::span<Caller> callers) {
    for (Caller& caller : callers) {
      const auto given = caller.request.headers.find("Authorization").value_or("");
      if (given.starts_with("Bearer ")) {
        caller.user = std::make_shared<const accounts::User>(accounts::User{std::string(given.substr(7))});
      } else {
        caller.refusal = Error(ErrorKind::kUnauthenticated, "UNAUTHENTICATED", "Log in first.");
      }
    }
  }

  // Whether it becomes true within 5 s.
  static bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  std::size_t temporary_files() const {
    const std::filesystem::directory_iterator files(options_.temporary_directory);
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

  const inpaint::test::TemporaryDirectory directory_;
  ServerOptions options_;
  Router router_;
  Authenticate authenticate_ = believe;
  OpenCallerInquiry open_inquiry_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace inpaint::http::test
