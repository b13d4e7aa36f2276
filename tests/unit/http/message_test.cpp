#include "http/message.h"

#include <gtest/gtest.h>

#include <fstream>

#include "unit/temporary_directory.h"

namespace inpaint::http {
namespace {

TEST(HeadersTest, FindsNamesWithoutRegardToCase) {
  Headers headers;
  headers.add("Content-Type", "text/plain");
  EXPECT_EQ(headers.find("content-TYPE"), "text/plain");
  EXPECT_EQ(headers.find("Content"), std::nullopt);
}

TEST(HeadersTest, FindsTheFirstOfSeveralAndReplacesAll) {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("ACCEPT", "b");
  EXPECT_EQ(headers.find("accept"), "a");
  headers.set("Accept", "c");
  EXPECT_EQ(std::distance(headers.begin(), headers.end()), 1);
  EXPECT_EQ(headers.find("accept"), "c");
}

TEST(RequestTest, AParameterThatTheRouteDoesNotDeclareIsOurFault) {
  Request request;
  request.params["id"] = "7";
  EXPECT_EQ(request.param("id"), "7");
  EXPECT_THROW(request.param("name"), Error);
}

TEST(RequestTest, TellsAnEmptyQueryValueFromNone) {
  Request request;
  request.query["tag"] = "";
  EXPECT_EQ(request.query_value("tag"), "");
  EXPECT_EQ(request.query_value("page"), std::nullopt);
}

TEST(FormTest, RemovesItsFilesUnlessTheyWereMovedAway) {
  const inpaint::test::TemporaryDirectory directory;
  const auto kept = directory.path() / "kept";
  {
    Form form;
    for (const char* name : {"a", "b"}) {
      form.files.push_back({"image", "x.png", directory.path() / name, 1});
      std::ofstream(form.files.back().path) << "x";
    }
    EXPECT_EQ(form.find_file("image")->path, directory.path() / "a");
    EXPECT_EQ(form.find_file("mask"), nullptr);
    std::filesystem::rename(directory.path() / "b", kept);
  }
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "a"));
  EXPECT_TRUE(std::filesystem::exists(kept));
}

}  // namespace
}  // namespace inpaint::http
