#include "http/multipart.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace inpaint::http {
namespace {

struct Part {
  std::string name;
  std::optional<std::string> file_name;
  std::string data;
  friend bool operator==(const Part&, const Part&) = default;
};

class Collector final : public MultipartParser::Receiver {
 public:
  void begin_part(const PartHeader& header) override { parts.push_back({header.name, header.file_name, ""}); }
  void part_data(std::string_view bytes) override { parts.back().data.append(bytes); }
  void end_part() override { ++ended; }
  std::vector<Part> parts;
  std::size_t ended = 0;
};

std::vector<Part> parse(std::string_view body, std::size_t piece = SIZE_MAX) {
  Collector collector;
  MultipartParser parser("B", collector);
  for (std::size_t i = 0; i < body.size(); i += std::min(piece, body.size()))
    parser.feed(body.substr(i, piece));
  parser.finish();
  EXPECT_EQ(collector.ended, collector.parts.size());
  return collector.parts;
}

std::string part(const std::string& disposition, const std::string& data) {
  return "--B\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + data + "\r\n";
}

TEST(MultipartTest, TakesFieldsAndFilesApartInPiecesOfAnySize) {
  const std::string binary("\r\n--A\r\n-\r\n--\0\xFF\r\n--b", 18);
  const std::string body =
      "preamble\r\n" + part("name=\"datasetName\"", "cats") +
      part("name=\"image\"; filename=\"a \\\"b\\\".png\"\r\nContent-Type: image/png", binary) +
      part("name=empty", "") + "--B--\r\nepilogue";
  const std::vector<Part> expected{
      {"datasetName", std::nullopt, "cats"}, {"image", "a \"b\".png", binary}, {"empty", std::nullopt, ""}};
  for (std::size_t piece = 1; piece <= body.size(); ++piece) EXPECT_EQ(parse(body, piece), expected) << piece;
}

TEST(MultipartTest, AcceptsABodyWithoutParts) {
  EXPECT_TRUE(parse("--B--").empty());
  EXPECT_TRUE(parse("--B--\r\n").empty());
}

TEST(MultipartTest, KeepsOddFileNamesAsTheyAre) {
  EXPECT_EQ(parse(part("name=\"f\"; filename=\"../../etc/passwd\"", "") + "--B--")[0].file_name,
            "../../etc/passwd");
  EXPECT_EQ(parse(part("name=\"f\"; filename=\"C:\\dir\\a.png\"", "") + "--B--")[0].file_name,
            "C:\\dir\\a.png");
  EXPECT_EQ(
      parse(part("name=\"f\"; filename*=UTF-8''%C3%A9.png; filename=\"e.png\"", "") + "--B--")[0].file_name,
      "é.png");
}

TEST(MultipartTest, RefusesMalformedBodies) {
  const std::string good = part("name=a", "b");
  for (const std::string& body :
       {std::string(""), std::string("no boundary"), good, good + "--B", good + "--B-", good + "--Bx\r\n",
        good.substr(0, 20), std::string("--B\r\n\r\ndata\r\n--B--"),
        std::string("--B\r\nContent-Disposition: form-data\r\n\r\n\r\n--B--"),
        std::string("--B\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--B--"),
        std::string("--B\r\nno colon\r\n\r\n\r\n--B--"), part("name=\"a", "") + "--B--",
        part("name=\"\xFF\"", "") + "--B--", part("name=a; filename=\"\xC3\"", "") + "--B--",
        part(std::string("name=\"a\0b\"", 10), "") + "--B--"}) {
    for (const std::size_t piece : {std::size_t{1}, SIZE_MAX}) {
      EXPECT_THROW(parse(body, piece), Error) << body;
    }
  }
}

TEST(MultipartTest, HasLimits) {
  EXPECT_THROW(parse(std::string(10'000, 'x') + "\r\n--B--"), Error);
  EXPECT_THROW(parse(part("name=a; x=\"" + std::string(10'000, 'x') + "\"", "") + "--B--"), Error);
  EXPECT_THROW(parse("--B" + std::string(10'000, ' ') + "\r\n"), Error);
  std::string many;
  for (int i = 0; i < 65; ++i) many += part("name=a", "");
  EXPECT_THROW(parse(many + "--B--"), Error);
}

TEST(MultipartTest, HasTheSameLimitsHoweverTheBodyIsCut) {
  for (std::size_t size = 4080; size <= 4110; ++size) {
    const std::string body = std::string(size, 'x') + "\r\n--B--";
    const auto accepts = [&](std::size_t piece) {
      try {
        parse(body, piece);
        return true;
      } catch (const Error&) {
        return false;
      }
    };
    EXPECT_EQ(accepts(1), accepts(SIZE_MAX)) << size;
  }
}

TEST(BoundaryTest, IsReadFromTheContentType) {
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(boundary_of("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b\""), "a b");
  for (const char* bad : {"multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=a",
                          "multipart/form-data; boundary=\"a", "", "multipart/mixed; boundary=a"}) {
    EXPECT_THROW(boundary_of(bad), Error) << bad;
  }
  EXPECT_THROW(boundary_of("multipart/form-data; boundary=" + std::string(71, 'a')), Error);
}

}  // namespace
}  // namespace inpaint::http
