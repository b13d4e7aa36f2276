#include <gtest/gtest.h>

#include <sstream>

#include "unit/http/server_test.h"

namespace inpaint::http {
namespace {

using namespace std::chrono_literals;
using test::Answer;
using test::Client;
using test::code;
using test::text;

constexpr std::string_view kBoundary = "----boundary";

std::string upload_part(const std::string& disposition, std::string_view data) {
  std::string bytes = "--" + std::string(kBoundary) + "\r\nContent-Disposition: form-data; " + disposition;
  return bytes.append("\r\n\r\n").append(data).append("\r\n");
}

std::string file_part(const std::string& field, std::string_view data) {
  return upload_part("name=\"" + field + "\"; filename=\"" + field + ".png\"\r\nContent-Type: image/png",
                     data);
}

std::string end() {
  return "--" + std::string(kBoundary) + "--\r\n";
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t total = 0;
  std::int64_t resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

class UploadTest : public test::ServerTest {
 protected:
  UploadTest() {
    router_.add({Method::kPost, "/upload",
                 [this](const Request& request) {
                   form_ = {};
                   for (const auto& [name, value] : request.form->fields) form_.fields[name] = value;
                   for (const UploadedFile& file : request.form->files) {
                     const bool is_large = file.size_bytes > 1'000'000;
                     form_.files[file.field] = {file.file_name, is_large ? "" : content(file.path)};
                     form_.bytes += file.size_bytes;
                   }
                   form_.temporary_files = temporary_files();
                   if (request.form->fields.contains("refuse")) throw invalid("REFUSED", "Refused.");
                   return json_response(200, {});
                 },
                 Access::kUser, Body::kMultipart});
  }

  static std::string head(std::int64_t length, const std::string& more = "") {
    return "POST /upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ada\r\nContent-Type: "
           "multipart/form-data; boundary=" +
           std::string(kBoundary) + "\r\nContent-Length: " + std::to_string(length) + more + "\r\n\r\n";
  }
  Answer upload(const std::string& body) {
    Client client(port_);
    client.send(head(static_cast<std::int64_t>(body.size())) + body);
    return client.receive();
  }

  struct File {
    std::string name;
    std::string content;
    friend bool operator==(const File&, const File&) = default;
  };
  // What the handler saw.
  struct Seen {
    std::map<std::string, std::string> fields;
    std::map<std::string, File> files;
    std::int64_t bytes = 0;
    std::size_t temporary_files = 0;
  };
  Seen form_;
};

TEST_F(UploadTest, GivesTheHandlerFieldsAndFiles) {
  start();
  std::string binary = "\x89PNG\r\n--";
  for (int i = 0; i < 700'000; ++i) binary.push_back(static_cast<char>(i * 7));
  const Answer answer =
      upload(upload_part("name=\"datasetName\"", " cats ") + file_part("image", binary) +
             file_part("mask", "") + upload_part("name=\"none\"; filename=\"\"", "") + end());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(form_.fields, (std::map<std::string, std::string>{{"datasetName", "cats"}}));
  EXPECT_EQ(form_.files.size(), 2U);
  EXPECT_EQ(form_.files["image"], (File{"image.png", binary}));
  EXPECT_EQ(form_.files["mask"], (File{"mask.png", ""}));
  EXPECT_EQ(form_.temporary_files, 2U);
  EXPECT_EQ(temporary_files(), 0U) << "gone with the request";
}

TEST_F(UploadTest, TakesChunkedBodies) {
  start();
  Client client(port_);
  client.send(
      "POST /upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ada\r\nContent-Type: multipart/form-data;"
      " boundary=" +
      std::string(kBoundary) + "\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const char c : file_part("image", "pixels") + end()) client.send("1\r\n" + std::string(1, c) + "\r\n");
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(form_.files["image"].content, "pixels");
}

TEST_F(UploadTest, StrangersAreRefusedBeforeTheyHaveSentAnything) {
  start();
  Client client(port_);
  client.send(
      "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=B\r\n"
      "Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n");
  EXPECT_EQ(client.receive().status, 401);
}

TEST_F(UploadTest, trap_F4_refused_uploads_leave_no_file) {
  start();
  EXPECT_EQ(code(upload(upload_part("name=\"refuse\"", "") + file_part("image", "x") + end())), "REFUSED");
  EXPECT_EQ(code(upload(file_part("image", std::string(600'000, 'x')))), "MALFORMED_MULTIPART");
  EXPECT_EQ(code(upload(file_part("image", "x") + upload_part("no=name", "") + end())),
            "MALFORMED_MULTIPART");
  EXPECT_EQ(code(upload(file_part("image", "x") + upload_part("name=\"a\"", "\xFF") + end())),
            "MALFORMED_MULTIPART");
  EXPECT_EQ(
      code(upload(file_part("image", "x") + upload_part("name=\"a\"", std::string(70'000, 'x')) + end())),
      "MALFORMED_MULTIPART");
  std::string many;
  for (int i = 0; i < 17; ++i) many += file_part("image", "x");
  EXPECT_EQ(code(upload(many + end())), "MALFORMED_MULTIPART");
  EXPECT_TRUE(eventually([&] { return temporary_files() == 0; }));
}

TEST_F(UploadTest, trap_F4_cut_uploads_leave_no_file) {
  options_.rate_window = 500ms;
  start();
  const std::string body = file_part("image", std::string(600'000, 'x'));
  Client cut(port_);
  cut.send(head(10'000'000) + body);
  EXPECT_TRUE(eventually([&] { return temporary_files() == 1; }));
  cut.close();
  EXPECT_TRUE(eventually([&] { return temporary_files() == 0; }));

  Client slow(port_);
  slow.send(head(10'000'000) + body);
  EXPECT_TRUE(eventually([&] { return temporary_files() == 1; }));
  EXPECT_EQ(slow.receive().status, 408);
  EXPECT_TRUE(eventually([&] { return temporary_files() == 0; }));

  options_.rate_window = 10s;
  Client stopped(port_);
  stopped.send(head(10'000'000) + body);
  EXPECT_TRUE(eventually([&] { return temporary_files() == 1; }));
  server_->stop(0ms);
  EXPECT_EQ(temporary_files(), 0U);
}

TEST_F(UploadTest, RefusesWhatIsTooLargeOrNoMultipart) {
  options_.upload_limit_bytes = 100'000;
  start();
  Client declared(port_);
  declared.send(head(100'001, "\r\nExpect: 100-continue"));
  EXPECT_EQ(declared.receive().status, 413);
  Client undeclared(port_);
  undeclared.send(
      "POST /upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ada\r\nContent-Type: "
      "multipart/form-data; boundary=" +
      std::string(kBoundary) + "\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" +
      file_part("image", std::string(300'000, 'x')));
  EXPECT_EQ(undeclared.receive().status, 413);
  EXPECT_TRUE(eventually([&] { return temporary_files() == 0; }));
  Client client(port_);
  EXPECT_EQ(client.ask("POST /upload HTTP/1.1\r\nAuthorization: Bearer ada\r\nContent-Type: text/plain", "x")
                .status,
            415);
  EXPECT_EQ(client.ask("POST /upload HTTP/1.1\r\nAuthorization: Bearer ada", "x").status, 415);
  EXPECT_EQ(
      client
          .ask("POST /upload HTTP/1.1\r\nAuthorization: Bearer ada\r\nContent-Type: multipart/form-data", "x")
          .status,
      400);
}

TEST_F(UploadTest, AFullDiskIs503) {
  std::filesystem::remove(options_.temporary_directory);
  start();
  const Answer answer = upload(file_part("image", "x") + end());
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(code(answer), "STORAGE_FULL");
  std::filesystem::create_directory(options_.temporary_directory);
}

TEST_F(UploadTest, LeavesSoMuchOfTheDiskFree) {
  options_.minimum_free_bytes = INT64_MAX / 2;
  start();
  const Answer refused_by_its_length = upload(file_part("image", "x") + end());
  EXPECT_EQ(refused_by_its_length.status, 503);
  EXPECT_EQ(code(refused_by_its_length), "STORAGE_FULL");
  Client chunked(port_);
  chunked.send(
      "POST /upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ada\r\nContent-Type: multipart/form-data; "
      "boundary=" +
      std::string(kBoundary) + "\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" +
      file_part("image", std::string(300'000, 'x')));
  EXPECT_EQ(code(chunked.receive()), "STORAGE_FULL");
  EXPECT_EQ(temporary_files(), 0U);
}

TEST_F(UploadTest, trap_V10_memory_stays_flat_however_large_the_upload) {
  start();
  const std::int64_t size = 200'000'000;
  const std::string begin = upload_part("name=\"datasetName\"", "cats") + "--" + std::string(kBoundary) +
                            "\r\nContent-Disposition: form-data; name=image; filename=a.mp4\r\n\r\n";
  const std::string block(1'000'000, 'x');
  const std::string tail = "\r\n" + end();
  Client client(port_);
  client.ask("GET /hello HTTP/1.1");
  client.send(head(static_cast<std::int64_t>(begin.size() + tail.size()) + size) + begin);
  const std::int64_t before = resident_bytes();
  std::int64_t most = before;
  for (std::int64_t sent = 0; sent < size; sent += static_cast<std::int64_t>(block.size())) {
    ASSERT_TRUE(client.send(block));
    most = std::max(most, resident_bytes());
  }
  client.send(tail);
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(form_.bytes, size);
  // A sanitizer keeps what was freed for a while.
  EXPECT_LT(most - before, 16'000'000 * (INPAINT_SANITIZED ? 4 : 1));
  EXPECT_EQ(temporary_files(), 0U);
}

}  // namespace
}  // namespace inpaint::http
