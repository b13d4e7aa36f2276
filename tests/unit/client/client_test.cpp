#include "client/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <numeric>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "http/json.h"
#include "http/server.h"
#include "unit/temporary_directory.h"

namespace inpaint::client {
namespace {

using namespace std::chrono_literals;

// A server that tells what it was sent.
class ClientTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kOff);
    const auto tell = [](const http::Request& request) {
      http::Response response =
          http::json_response(request.query_value("status") ? std::stoi(*request.query_value("status")) : 200,
                              {{"method", http::to_string(request.method)},
                               {"size", request.body.size()},
                               {"sum", std::accumulate(request.body.begin(), request.body.end(), 0U)},
                               {"note", std::string(request.headers.find("X-Note").value_or("none"))}});
      response.headers.set("X-Mixed-Case", "  some text ");
      return response;
    };
    http::Router router;
    for (const auto method : {http::Method::kGet, http::Method::kDelete}) {
      router.add({.method = method, .pattern = "/tell", .handler = tell});
    }
    for (const auto method : {http::Method::kPost, http::Method::kPut}) {
      router.add({.method = method, .pattern = "/tell", .handler = tell, .body = http::Body::kJson});
    }
    router.add({.method = http::Method::kGet, .pattern = "/long", .handler = [](const http::Request&) {
                  http::Response response;
                  response.body = std::string(3'000'000, 'x');
                  return response;
                }});
    router.add({.method = http::Method::kGet, .pattern = "/slow", .handler = [&](const http::Request&) {
                  while (!is_over_) std::this_thread::sleep_for(1ms);
                  return http::Response();
                }});
    http::ServerOptions options;
    options.host = "127.0.0.1";
    options.port = 0;
    options.temporary_directory = directory_.path();
    options.json_limit_bytes = 16 << 20;
    options.requests_per_minute = 0;
    server_ = std::make_unique<http::Server>(options, std::move(router), http::Authentication{});
    base_ = "http://127.0.0.1:" + std::to_string(server_->start());
  }
  void TearDown() override {
    is_over_ = true;
    server_->stop(1s);
  }

  http::Json told(const Request& request) { return http::Json::parse(client_.perform(request).body); }
  std::string code_of(const Request& request) {
    try {
      client_.perform(request);
    } catch (const Error& error) {
      return error.code();
    }
    return "";
  }

  test::TemporaryDirectory directory_;
  std::atomic<bool> is_over_ = false;
  std::unique_ptr<http::Server> server_;
  std::string base_;
  Client client_;
};

TEST_F(ClientTest, SendsMethodHeadersAndBody) {
  EXPECT_EQ(told({.url = base_ + "/tell"})["method"], "GET");
  EXPECT_EQ(told({.method = "DELETE", .url = base_ + "/tell"})["method"], "DELETE");
  const http::Json post =
      told({.method = "POST", .url = base_ + "/tell", .headers = {"X-Note: hello"}, .body = "abc"});
  EXPECT_EQ(post["method"], "POST");
  EXPECT_EQ(post["size"], 3);
  EXPECT_EQ(post["note"], "hello");
  EXPECT_EQ(told({.method = "POST", .url = base_ + "/tell"})["size"], 0);
}

TEST_F(ClientTest, SendsAPartOfAFile) {
  const auto path = directory_.path() / "file";
  std::string content(5'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i % 100);
  std::ofstream(path) << content;
  const http::Json put =
      told({.method = "PUT", .url = base_ + "/tell", .file = FilePart{path, 1'000, 3'000'000}});
  EXPECT_EQ(put["method"], "PUT");
  EXPECT_EQ(put["size"], 3'000'000);
  EXPECT_EQ(put["sum"], std::accumulate(content.begin() + 1'000, content.begin() + 3'001'000, 0U));
}

TEST_F(ClientTest, GivesStatusAndHeadersWhateverTheyAre) {
  const Answer answer = client_.perform({.url = base_ + "/tell?status=503"});
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(answer.is_success());
  EXPECT_EQ(answer.header("x-mixed-case"), "some text");
  EXPECT_EQ(answer.header("absent"), "");
  const Answer head = client_.perform({.method = "HEAD", .url = base_ + "/long"});
  EXPECT_EQ(head.header("content-length"), "3000000");
  EXPECT_EQ(head.body, "");
}

TEST_F(ClientTest, AnAnswerThatIsTooLongIsNone) {
  EXPECT_EQ(code_of({.url = base_ + "/long"}), "UNREACHABLE");
  EXPECT_EQ(client_.perform({.url = base_ + "/long", .answer_limit_bytes = 3'000'000}).body.size(),
            3'000'000U);
}

TEST_F(ClientTest, EndsAfterItsTimeOrWhenCancelled) {
  EXPECT_EQ(code_of({.url = base_ + "/slow", .timeout = 50ms}), "UNREACHABLE");
  EXPECT_EQ(code_of({.url = base_ + "/slow", .is_cancelled = [] { return true; }}), "CANCELLED");
}

TEST_F(ClientTest, trap_Q3_SaysNoAddressWhenNobodyAnswers) {
  server_->stop(1s);
  try {
    client_.perform({.url = base_ + "/tell"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "UNREACHABLE");
    EXPECT_EQ(std::string(error.what()).find("127.0.0.1"), std::string::npos);
  }
}

TEST_F(ClientTest, IsUsedFromManyThreads) {
  std::atomic<int> succeeded = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 20; ++k) succeeded += client_.perform({.url = base_ + "/tell"}).status == 200;
      });
    }
  }
  EXPECT_EQ(succeeded, 160);
  EXPECT_LE(server_->connections(), 8U);
}

}  // namespace
}  // namespace inpaint::client
