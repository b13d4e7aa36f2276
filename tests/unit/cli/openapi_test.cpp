#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

#include "cli/docs_page.h"
#include "cli/documentation_routes.h"
#include "cli/features.h"
#include "http/json.h"
#include "unit/temporary_directory.h"

namespace inpaint::cli {
namespace {

using http::Access;
using http::Body;
using http::Json;

// "/api/users/:userId" as OpenAPI writes it: "/api/users/{userId}".
std::string documented_path(const std::string& pattern) {
  std::string path;
  bool in_parameter = false;
  for (const char c : pattern) {
    if (in_parameter && c == '/') path += '}';
    if (c == '/') in_parameter = false;
    if (c == ':') {
      path += '{';
      in_parameter = true;
    } else {
      path += c;
    }
  }
  return in_parameter ? path + '}' : path;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  return lower;
}

class OpenapiTest : public testing::Test {
 protected:
  OpenapiTest() {
    config_.data_directory = directory_.path();
    config_.bcrypt_cost = 4;
    platform_ = std::make_unique<Platform>(config_);
    features_ = std::make_unique<Features>(config_, *platform_, "a secret of at least thirty-two bytes");
    metrics_ = std::make_unique<Metrics>(*platform_);
    router_ = make_router(*features_, *platform_, *metrics_);
  }

  // Calls `look` with every route and its operation, as far as it is documented.
  template <typename Look>
  void for_each_operation(Look look) {
    for (const http::Route& route : router_.routes()) {
      const std::string path = documented_path(route.pattern);
      const std::string method = lower_case(http::to_string(route.method));
      if (!document_["paths"].contains(path) || !document_["paths"][path].contains(method)) continue;
      SCOPED_TRACE(method + " " + path);
      look(route, document_["paths"][path][method]);
    }
  }

  const test::TemporaryDirectory directory_;
  Config config_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<Features> features_;
  std::unique_ptr<Metrics> metrics_;
  http::Router router_;
  const Json document_ = Json::parse(openapi());
};

TEST_F(OpenapiTest, describes_every_route_and_no_other) {
  std::set<std::string> routes;
  for (const http::Route& route : router_.routes()) {
    routes.insert(lower_case(http::to_string(route.method)) + " " + documented_path(route.pattern));
  }
  std::set<std::string> documented;
  for (const auto& [path, operations] : document_["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) documented.insert(method + " " + path);
  }
  EXPECT_EQ(routes, documented);
  EXPECT_EQ(routes.size(), router_.routes().size()) << "a route is there twice";
}

TEST_F(OpenapiTest, says_who_may_call) {
  for_each_operation([](const http::Route& route, const Json& operation) {
    const bool is_open =
        operation.contains("security") && (operation["security"].empty() || operation["security"][0].empty());
    EXPECT_EQ(is_open, route.access == Access::kPublic);
    EXPECT_TRUE(route.access == Access::kPublic || operation["responses"].contains("401"));
    EXPECT_TRUE(route.access != Access::kAdministrator || operation["responses"].contains("403"));
  });
}

TEST_F(OpenapiTest, says_what_bodies_are_taken) {
  for_each_operation([](const http::Route& route, const Json& operation) {
    const Json content = operation.value("requestBody", Json::object()).value("content", Json::object());
    EXPECT_EQ(content.contains("application/json"), route.body == Body::kJson);
    EXPECT_EQ(content.contains("multipart/form-data"), route.body == Body::kMultipart);
    for (const char* status : {"411", "413", "415"}) {
      EXPECT_EQ(operation["responses"].contains(status), route.body != Body::kNone) << status;
    }
  });
}

TEST_F(OpenapiTest, names_every_parameter_of_a_path) {
  for_each_operation([&](const http::Route& route, const Json& operation) {
    std::string path = documented_path(route.pattern);
    for (Json parameter : operation.value("parameters", Json::array())) {
      if (parameter.contains("$ref")) {
        parameter = document_.at(Json::json_pointer(parameter["$ref"].get<std::string>().substr(1)));
      }
      if (parameter["in"] != "path") continue;
      const std::string name = "{" + parameter["name"].get<std::string>() + "}";
      const auto place = path.find(name);
      ASSERT_NE(place, std::string::npos) << name;
      path.erase(place, name.size());
    }
    EXPECT_EQ(path.find('{'), std::string::npos) << "not described: " << path;
  });
}

TEST_F(OpenapiTest, has_the_version_of_the_program) {
  EXPECT_EQ(document_["info"]["version"], INPAINT_VERSION);
}

std::string answer_of(const http::Router& router, const std::string& path) {
  const http::Router::Match match = router.match(http::Method::kGet, path);
  return std::get<std::string>(match.route->handler({}).body);
}

TEST_F(OpenapiTest, is_served_as_it_is_in_the_repository) {
  EXPECT_EQ(answer_of(router_, "/openapi.json"), openapi());
}

TEST_F(OpenapiTest, has_a_page_with_every_operation_and_nothing_from_outside) {
  const std::string page = answer_of(router_, "/docs");
  for (const auto& [path, operations] : document_["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      const std::string id = operation["operationId"];
      EXPECT_NE(page.find("<section id=\"" + id + "\">"), std::string::npos) << id;
      EXPECT_NE(page.find("href=\"#" + id + "\""), std::string::npos) << id;
    }
  }
  for (const char* outside : {"<script", "src=", "http://", "https://", "@import", "url("}) {
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  }
}

TEST(DocsPage, shows_text_as_text) {
  const Json document = Json::parse(R"({
    "info": {"title": "<b>", "version": "1"}, "tags": [{"name": "T", "description": "a & `b<c`"}],
    "components": {"schemas": {}},
    "paths": {"/x": {"get": {"tags": ["T"], "operationId": "x", "summary": "<script>alert(1)</script>",
      "responses": {"200": {"description": "\"quoted\""}}}}}})");
  const std::string page = render_docs_page(document, "");
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("a &amp; <code>b&lt;c</code>"), std::string::npos);
}

}  // namespace
}  // namespace inpaint::cli
