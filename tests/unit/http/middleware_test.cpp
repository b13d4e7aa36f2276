#include <gtest/gtest.h>

#include "unit/http/server_test.h"

namespace inpaint::http {
namespace {

using test::Answer;
using test::Client;
using test::code;
using test::json;
using test::text;

class MiddlewareTest : public test::ServerTest {
 protected:
  Answer ask(const std::string& head, const std::string& body = "") { return Client(port_).ask(head, body); }
};

TEST_F(MiddlewareTest, KeepsASaneRequestIdAndReplacesOthers) {
  start();
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\nX-Request-Id: a-1").header("X-Request-Id"), "a-1");
  for (const std::string& given : {std::string("a b"), std::string("\"><script>"), std::string(200, 'a')}) {
    const Answer answer = ask("GET /hello HTTP/1.1\r\nX-Request-Id: " + given);
    EXPECT_EQ(answer.header("X-Request-Id").size(), 36U) << given;
  }
  EXPECT_NE(ask("GET /hello HTTP/1.1").header("X-Request-Id"),
            ask("GET /hello HTTP/1.1").header("X-Request-Id"));
}

TEST_F(MiddlewareTest, SendsTheHeadersThatHelmetSends) {
  start();
  for (const char* path : {"/hello", "/quick", "/nothing"}) {
    const Answer answer = ask("GET " + std::string(path) + " HTTP/1.1");
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.header("X-Frame-Options"), "SAMEORIGIN");
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(answer.header("X-XSS-Protection"), "0");
    for (const char* name :
         {"Content-Security-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy",
          "Origin-Agent-Cluster", "Strict-Transport-Security", "X-DNS-Prefetch-Control", "X-Download-Options",
          "X-Permitted-Cross-Domain-Policies"}) {
      EXPECT_NE(answer.header(name), "") << name;
    }
    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    EXPECT_EQ(answer.header("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(answer.header("Date").size(), 29U);
  }
}

TEST_F(MiddlewareTest, AnswersPreflights) {
  start();
  const Answer answer =
      ask("OPTIONS /json HTTP/1.1\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: POST");
  EXPECT_EQ(answer.status, 204);
  EXPECT_NE(answer.header("Access-Control-Allow-Methods").find("POST"), std::string::npos);
  EXPECT_NE(answer.header("Access-Control-Allow-Headers").find("Authorization"), std::string::npos);
}

TEST_F(MiddlewareTest, LimitsTheRateOfAnAddress) {
  options_.requests_per_minute = 2;
  start();
  const Answer first = ask("GET /hello HTTP/1.1");
  EXPECT_EQ(first.header("RateLimit-Limit"), "2");
  EXPECT_EQ(first.header("RateLimit-Remaining"), "1");
  EXPECT_EQ(first.header("RateLimit-Reset"), "60");
  ask("GET /hello HTTP/1.1");
  const Answer refused = ask("GET /hello HTTP/1.1");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(code(refused), "RATE_LIMITED");
  EXPECT_GE(std::stoi(refused.header("Retry-After")), 58);
}

TEST_F(MiddlewareTest, AnswersUnknownPathsAndMethodsByTheContract) {
  start();
  const Answer unknown = ask("GET /nothing HTTP/1.1");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(code(unknown), "NOT_FOUND");
  EXPECT_EQ(json(unknown)["success"], false);
  const Answer wrong_method = ask("DELETE /json HTTP/1.1");
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_EQ(wrong_method.header("Allow"), "OPTIONS, POST");
  EXPECT_EQ(ask("BREW /json HTTP/1.1").status, 405);
}

TEST_F(MiddlewareTest, AuthenticatesAndAuthorizes) {
  start();
  EXPECT_EQ(ask("GET /me HTTP/1.1").status, 401);
  EXPECT_EQ(text(ask("GET /me HTTP/1.1\r\nAuthorization: Bearer ada"), "name"), "ada");
  EXPECT_EQ(ask("GET /administration HTTP/1.1").status, 401);
  EXPECT_EQ(ask("GET /administration HTTP/1.1\r\nAuthorization: Bearer ada").status, 403);
  EXPECT_EQ(ask("GET /administration HTTP/1.1\r\nAuthorization: Bearer admin").status, 200);
}

TEST_F(MiddlewareTest, HidesOurOwnFaults) {
  start();
  const Answer answer = ask("GET /broken HTTP/1.1\r\nX-Request-Id: r-7");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_NE(answer.body.find("r-7"), std::string::npos);
}

TEST_F(MiddlewareTest, BodiesNeedALengthAndHaveALimit) {
  options_.json_limit_bytes = 100;
  start();
  const std::string post = "POST /json HTTP/1.1\r\nContent-Type: application/json";
  EXPECT_EQ(ask(post).status, 411);
  EXPECT_EQ(ask(post, "{\"a\":1}").status, 201);
  const std::string large = "{\"a\":\"" + std::string(200, 'x') + "\"}";
  const Answer refused = ask(post, large);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(code(refused), "BODY_TOO_LARGE");
  EXPECT_EQ(ask(post + "\r\nContent-Length: 99999999999999999").status, 413);
  Client chunked(port_);
  chunked.send(post + "\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nd0\r\n" + large + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.receive().status, 413);
}

TEST_F(MiddlewareTest, trap_F8_odd_encodings_and_charsets_are_415) {
  start();
  const std::string post = "POST /json HTTP/1.1\r\nContent-Type: application/json";
  EXPECT_EQ(ask(post + "\r\nContent-Encoding: gzip", "{}").status, 415);
  EXPECT_EQ(ask(post + "\r\nContent-Encoding: x-unknown", "{}").status, 415);
  EXPECT_EQ(ask(post + "; charset=x-unknown", "{}").status, 415);
  EXPECT_EQ(ask("POST /json HTTP/1.1\r\nContent-Type: text/plain", "{}").status, 415);
  EXPECT_EQ(ask("POST /json HTTP/1.1", "{}").status, 415);
  EXPECT_EQ(ask(post + "\r\nTransfer-Encoding: gzip").status, 415);
}

TEST_F(MiddlewareTest, trap_F8_odd_urls_are_400_or_404_and_never_500) {
  start();
  EXPECT_EQ(text(ask("GET /echo/%2525 HTTP/1.1"), "text"), "%25");
  EXPECT_EQ(json(ask("GET /echo/a?b=%26+c&d&=e&b=2 HTTP/1.1"))["query"].dump(), R"({"b":"2","d":""})");
  EXPECT_EQ(text(ask("GET http://host/echo/x HTTP/1.1"), "text"), "x");
  for (const char* target : {"/echo/%", "/echo/%ff", "/echo/%00", "/echo/a?b=%zz", "/echo/a?%C0%AF=1"}) {
    const Answer answer = ask("GET " + std::string(target) + " HTTP/1.1");
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_EQ(code(answer), "BAD_URL") << target;
  }
  EXPECT_EQ(ask("GET //echo//a HTTP/1.1").status, 404);
  EXPECT_EQ(ask("GET * HTTP/1.1").status, 404);
}

TEST_F(MiddlewareTest, MalformedHttpIsAnsweredAndTheConnectionClosed) {
  start();
  const std::string ends = "\r\nHost: a\r\n\r\n";
  for (const std::string& bytes :
       {std::string("nonsense\r\n\r\n"), "GET /hello HTTP/9.9" + ends, "GET /he llo HTTP/1.1" + ends,
        "GET /hello HTTP/1.1\r\nbad header" + ends, "GET /hello HTTP/1.1\r\nContent-Length: -1" + ends,
        "POST /json HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2" + ends,
        "POST /json HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked" + ends,
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)}) {
    Client client(port_);
    client.send(bytes);
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, 400) << bytes;
    EXPECT_EQ(answer.header("X-Request-Id").size(), 36U) << bytes;
    EXPECT_EQ(answer.header("Connection"), "close") << bytes;
  }
  Client without_host(port_);
  without_host.send("GET /hello HTTP/1.1\r\n\r\n");
  EXPECT_EQ(without_host.receive().status, 400);
}

TEST_F(MiddlewareTest, LargeHeadsAre431) {
  options_.header_limit_bytes = 1000;
  start();
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\nX-Large: " + std::string(2000, 'x')).status, 431);
  EXPECT_EQ(ask("GET /" + std::string(2000, 'x') + " HTTP/1.1").status, 431);
}

TEST_F(MiddlewareTest, ObservesEachRequestOnce) {
  std::mutex mutex;
  std::vector<std::string> seen;
  options_.observe = [&](const RequestObservation& request) {
    const std::scoped_lock lock(mutex);
    seen.push_back(std::string(request.method) + " " + std::string(request.route) + " " +
                   std::to_string(request.status));
    EXPECT_GE(request.duration.count(), 0);
  };
  start();
  Client client(port_);
  client.ask("GET /echo/x HTTP/1.1");
  client.ask("GET /nothing HTTP/1.1");
  client.ask("GET /quick HTTP/1.1");
  EXPECT_TRUE(eventually([&] {
    const std::scoped_lock lock(mutex);
    return seen == std::vector<std::string>{"GET /echo/:text 200", "GET unmatched 404", "GET /quick 200"};
  }));
}

}  // namespace
}  // namespace inpaint::http
