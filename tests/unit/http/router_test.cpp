#include "http/router.h"

#include <gtest/gtest.h>

namespace inpaint::http {
namespace {

Router make_router() {
  Router router;
  const auto add = [&](Method method, std::string pattern) {
    router.add({.method = method, .pattern = std::move(pattern), .handler = [](const Request&) {
                  return Response{};
                }});
  };
  add(Method::kGet, "/");
  add(Method::kGet, "/api/things/:name");
  add(Method::kGet, "/api/things/models");
  add(Method::kPut, "/api/things/:name");
  add(Method::kGet, "/api/:kind/models/:id");
  add(Method::kGet, "/api/things/:name/:part");
  return router;
}

std::string pattern_of(std::string_view path, Method method = Method::kGet) {
  return make_router().match(method, path).route->pattern;
}

ErrorKind refusal_of(std::string_view path, Method method = Method::kGet) {
  try {
    make_router().match(method, path);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::kInternal;
}

TEST(RouterTest, LiteralsWinOverParameters) {
  EXPECT_EQ(pattern_of("/api/things/models"), "/api/things/models");
  EXPECT_EQ(pattern_of("/api/things/other"), "/api/things/:name");
  EXPECT_EQ(pattern_of("/api/things/models/7"), "/api/things/:name/:part");
  EXPECT_EQ(pattern_of("/api/people/models/7"), "/api/:kind/models/:id");
}

TEST(RouterTest, DecodesParametersOnce) {
  const Router router = make_router();
  EXPECT_EQ(router.match(Method::kGet, "/api/things/a%2Fb%20%C3%A9").params.at("name"), "a/b é");
  EXPECT_EQ(router.match(Method::kGet, "/api/things/%2525").params.at("name"), "%25");
  EXPECT_EQ(router.match(Method::kGet, "/api/things/a+b").params.at("name"), "a+b");
}

TEST(RouterTest, ATrailingSlashChangesNothing) {
  EXPECT_EQ(pattern_of("/"), "/");
  EXPECT_EQ(pattern_of("/api/things/models/"), "/api/things/models");
  EXPECT_EQ(refusal_of("/api/things/"), ErrorKind::kNotFound);
  EXPECT_EQ(refusal_of("/api//things/x"), ErrorKind::kNotFound);
}

TEST(RouterTest, GetServesHead) {
  EXPECT_EQ(pattern_of("/api/things/models", Method::kHead), "/api/things/models");
}

TEST(RouterTest, TellsTheAllowedMethods) {
  const Router router = make_router();
  try {
    router.match(Method::kDelete, "/api/things/x");
    FAIL() << "DELETE was matched";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kMethodNotAllowed);
    ASSERT_EQ(error.details().size(), 1U);
    EXPECT_EQ(error.details()[0].message, "GET, HEAD, OPTIONS, PUT");
  }
}

TEST(RouterTest, RefusesUnknownPaths) {
  EXPECT_EQ(refusal_of("/nothing"), ErrorKind::kNotFound);
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "/a";
  EXPECT_EQ(refusal_of(deep), ErrorKind::kNotFound);
}

TEST(RouterTest, trap_F8_refuses_malformed_escapes_and_text) {
  for (const char* path : {"/api/things/%", "/api/things/%4", "/api/things/%zz", "/api/things/%ff",
                           "/api/things/%00", "/api/things/%C0%AF", "/api/things/%ED%A0%80"}) {
    EXPECT_EQ(refusal_of(path), ErrorKind::kInvalid) << path;
  }
}

}  // namespace
}  // namespace inpaint::http
