#include "inferences/shared_directory.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "unit/temporary_directory.h"

namespace inpaint::inferences {
namespace {

namespace fs = std::filesystem;

class SharedDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "a");
    for (const fs::path& file : {root_ / "a/picture one.png", outside_}) std::ofstream(file) << "x";
  }

  std::string code_of(std::string_view path) {
    try {
      shared_.find(path);
    } catch (const Error& error) {
      return error.code();
    }
    return "";
  }

  test::TemporaryDirectory directory_;
  fs::path root_ = fs::canonical(directory_.path()) / "shared";
  fs::path outside_ = directory_.path() / "outside.png";
  SharedDirectory shared_{root_};
};

TEST_F(SharedDirectoryTest, FindsFilesByRelativePaths) {
  EXPECT_EQ(shared_.find("a/picture one.png"), root_ / "a/picture one.png");
  EXPECT_EQ(shared_.name_of(root_ / "a/picture one.png"), "a/picture one.png");
  EXPECT_EQ(code_of("a/absent.png"), "NOT_FOUND");
  EXPECT_EQ(code_of("a"), "NOT_FOUND");
}

TEST_F(SharedDirectoryTest, trap_F2_NoPathLeadsOut) {
  fs::create_symlink(outside_, root_ / "link.png");
  fs::create_directory_symlink(directory_.path(), root_ / "up");
  std::string absolute = outside_.string();
  for (const std::string& path :
       {std::string("../outside.png"), std::string("a/../../outside.png"),
        std::string("a/../a/picture one.png"), absolute, (root_ / "a/picture one.png").string(),
        std::string("link.png"), std::string("up/outside.png"), std::string(),
        std::string("a/picture one.png\0x", 19), std::string(2000, 'a')}) {
    EXPECT_EQ(code_of(path), "BAD_PATH") << path;
  }
}

TEST_F(SharedDirectoryTest, ADirectoryBesideIsNotInside) {
  fs::create_directories(directory_.path() / "shared2");
  std::ofstream(directory_.path() / "shared2/x.png") << "x";
  fs::create_symlink(directory_.path() / "shared2/x.png", root_ / "beside.png");
  EXPECT_EQ(code_of("beside.png"), "BAD_PATH");
}

}  // namespace
}  // namespace inpaint::inferences
