#include <gtest/gtest.h>

#include <atomic>

#include "base/byte_source.h"
#include "base/error.h"
#include "unit/http/server_test.h"

namespace inpaint::http {
namespace {

using test::Answer;
using test::Client;
using test::code;

// Breaks in the middle, as what is read from another machine does.
class BreakingSource final : public ByteSource {
 public:
  static constexpr std::int64_t kSize = 1'000'000;
  std::int64_t size_bytes() const override { return kSize; }
  void read(std::int64_t offset, std::span<char>) override {
    if (offset > kSize / 2) throw Error(ErrorKind::kUnavailable, "STORAGE_UNAVAILABLE", "Try again later.");
  }
};

class FileTest : public test::ServerTest {
 protected:
  FileTest() {
    for (int i = 0; i < 1'000'000; ++i) content_.push_back(static_cast<char>(i * 31 % 251));
    std::ofstream(path_, std::ios::binary) << content_;
    std::ofstream(directory_.path() / "empty");
    const auto add = [&](const char* pattern, const std::filesystem::path& path, const FileBody& file,
                         const char* caching) {
      router_.add({Method::kGet, pattern, [path, file, caching](const Request&) {
                     Response response;
                     if (*caching != '\0') response.headers.set("Cache-Control", caching);
                     FileBody opened = file;
                     opened.content = open_file(path);
                     response.body = opened;
                     return response;
                   }});
    };
    add("/file", path_, {nullptr, "image/png", "\"v1\"", ""}, "");
    add("/cached", path_, {nullptr, "image/png", "\"v1\"", ""}, "private, max-age=60");
    add("/download", path_, {nullptr, "image/png", "\"v1\"", "é \"a\"\r\nb.png"}, "");
    add("/empty", directory_.path() / "empty", {nullptr, "image/png", "\"v0\"", ""}, "");
    add("/gone", directory_.path() / "gone", {nullptr, "image/png", "\"v0\"", ""}, "");
    router_.add({Method::kGet, "/breaking", [](const Request&) {
                   Response response;
                   response.body = FileBody{std::make_shared<BreakingSource>(), "image/png", "\"v1\"", ""};
                   return response;
                 }});
    options_.observe = [this](const RequestObservation& request) {
      if (request.route == "/breaking") ++broken_;
    };
    start();
  }

  Answer get(const std::string& path, const std::string& headers = "") {
    return Client(port_).ask("GET " + path + " HTTP/1.1" + (headers.empty() ? "" : "\r\n" + headers));
  }

  const std::filesystem::path path_ = directory_.path() / "file.png";
  std::string content_;
  std::atomic<int> broken_ = 0;
};

TEST_F(FileTest, SendsTheWholeFile) {
  const Answer answer = get("/file");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, content_);
  EXPECT_EQ(answer.header("Content-Type"), "image/png");
  EXPECT_EQ(answer.header("ETag"), "\"v1\"");
  EXPECT_EQ(answer.header("Accept-Ranges"), "bytes");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.header("Content-Disposition"), "");
  EXPECT_EQ(get("/empty").body, "");
}

TEST_F(FileTest, trap_F7_files_are_never_for_shared_caches) {
  EXPECT_EQ(get("/file").header("Cache-Control"), "private, no-cache");
  EXPECT_EQ(get("/cached").header("Cache-Control"), "private, max-age=60");
}

TEST_F(FileTest, SendsTheRangeThatIsAskedFor) {
  const auto expect = [&](const std::string& range, std::size_t first, std::size_t last) {
    const Answer answer = get("/file", "Range: " + range);
    EXPECT_EQ(answer.status, 206) << range;
    EXPECT_EQ(answer.body, content_.substr(first, last - first + 1)) << range;
    EXPECT_EQ(answer.header("Content-Range"),
              "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/1000000");
  };
  expect("bytes=0-0", 0, 0);
  expect("bytes=300000-700000", 300'000, 700'000);
  expect("bytes=999990-", 999'990, 999'999);
  expect("bytes=999990-99999999999", 999'990, 999'999);
  expect("bytes=-5", 999'995, 999'999);
  expect("bytes=-5000000", 0, 999'999);
  expect("BYTES= 5 - 6", 5, 6);
}

TEST_F(FileTest, RefusesRangesThatTheFileDoesNotHave) {
  for (const char* range : {"bytes=1000000-", "bytes=1000000-1000001", "bytes=-0"}) {
    const Answer answer = get("/file", "Range: " + std::string(range));
    EXPECT_EQ(answer.status, 416) << range;
    EXPECT_EQ(code(answer), "RANGE_NOT_SATISFIABLE");
    EXPECT_EQ(answer.header("Content-Range"), "bytes */1000000");
  }
  EXPECT_EQ(get("/empty", "Range: bytes=-5").status, 416);
}

TEST_F(FileTest, IgnoresRangesItDoesNotUnderstand) {
  for (const char* range : {"bytes=5-4", "bytes=a-b", "bytes=--5", "items=0-1", "bytes=0-1,3-4", "bytes=-",
                            "bytes=", "bytes=99999999999999999999-"}) {
    const Answer answer = get("/file", "Range: " + std::string(range));
    EXPECT_EQ(answer.status, 200) << range;
    EXPECT_EQ(answer.body.size(), content_.size()) << range;
  }
  EXPECT_EQ(get("/file", "Range: bytes=0-1\r\nIf-Range: \"v0\"").status, 200);
  EXPECT_EQ(get("/file", "Range: bytes=0-1\r\nIf-Range: \"v1\"").status, 206);
}

TEST_F(FileTest, TellsThatTheClientHasItAlready) {
  for (const char* known : {"\"v1\"", "W/\"v1\"", "\"v0\", \"v1\"", "*"}) {
    Client client(port_);
    const Answer answer = client.ask("GET /file HTTP/1.1\r\nIf-None-Match: " + std::string(known));
    EXPECT_EQ(answer.status, 304) << known;
    EXPECT_EQ(answer.header("ETag"), "\"v1\"");
    EXPECT_EQ(client.ask("GET /hello HTTP/1.1").status, 200) << "the answer had a body";
  }
  EXPECT_EQ(get("/file", "If-None-Match: \"v0\"").status, 200);
}

TEST_F(FileTest, HeadHasTheLengthAndNoBody) {
  Client client(port_);
  const Answer answer = client.ask("HEAD /file HTTP/1.1\r\nRange: bytes=0-1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Length"), "1000000");
  EXPECT_EQ(client.ask("GET /hello HTTP/1.1").status, 200);
}

TEST_F(FileTest, NamesDownloadsForOldAndNewClients) {
  EXPECT_EQ(get("/download").header("Content-Disposition"),
            "attachment; filename=\"__ _a___b.png\"; filename*=UTF-8''%C3%A9%20%22a%22%0D%0Ab.png");
}

TEST_F(FileTest, RedirectionsAreNotKeptByCaches) {
  const Response response = redirect("https://bucket.example/key?signature=1");
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.headers.find("Location"), "https://bucket.example/key?signature=1");
  EXPECT_EQ(response.headers.find("Cache-Control"), "private, no-store");
}

TEST_F(FileTest, OneThatBreaksOffEndsItsConnectionAndNoOther) {
  Client other(port_);
  other.ask("GET /hello HTTP/1.1");
  for (int i = 1; i <= 20; ++i) {
    Client client(port_);
    client.send("GET /breaking HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto received = client.receive_until_closed(std::chrono::seconds(5));
    ASSERT_TRUE(received) << "the connection goes on";
    EXPECT_GT(received->size(), 500'000U);
    EXPECT_LT(received->size(), 1'000'000U);
    EXPECT_TRUE(eventually([&] { return broken_ == i; })) << "nothing tells of the request";
  }
  EXPECT_EQ(other.ask("GET /hello HTTP/1.1").status, 200);
}

TEST_F(FileTest, AFileThatIsGoneIs404) {
  EXPECT_EQ(get("/gone").status, 404);
}

}  // namespace
}  // namespace inpaint::http
