#include "cli/dotenv.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "base/error.h"
#include "unit/temporary_directory.h"

namespace inpaint::cli {
namespace {

class DotenvTest : public testing::Test {
 protected:
  ~DotenvTest() override { ::unsetenv("DOTENV_TEST"); }

  // The value of DOTENV_TEST after a file of that content was loaded; "(none)" when it has none.
  std::string load(const std::string& content) {
    ::unsetenv("DOTENV_TEST");
    write(content);
    load_dotenv(file());
    const char* value = std::getenv("DOTENV_TEST");
    return value == nullptr ? "(none)" : value;
  }
  void write(const std::string& content) { std::ofstream(file()) << content; }
  std::filesystem::path file() const { return directory_.path() / ".env"; }

  test::TemporaryDirectory directory_;
};

TEST_F(DotenvTest, ReadsValues) {
  EXPECT_EQ(load("DOTENV_TEST=value"), "value");
  EXPECT_EQ(load("# a comment\n\n  DOTENV_TEST = two words \r\n"), "two words");
  EXPECT_EQ(load("export DOTENV_TEST=value"), "value");
  EXPECT_EQ(load("DOTENV_TEST=a=b"), "a=b");
  EXPECT_EQ(load("DOTENV_TEST="), "");
}

TEST_F(DotenvTest, ReadsQuotes) {
  EXPECT_EQ(load("DOTENV_TEST=\"a # b\" # comment"), "a # b");
  EXPECT_EQ(load("DOTENV_TEST=' a '"), " a ");
  EXPECT_EQ(load("DOTENV_TEST=it's"), "it's");
}

TEST_F(DotenvTest, LeavesCommentsOut) {
  EXPECT_EQ(load("DOTENV_TEST=value # comment"), "value");
  EXPECT_EQ(load("DOTENV_TEST=a#b"), "a#b");
  EXPECT_EQ(load("DOTENV_TEST= # nothing"), "");
  EXPECT_EQ(load("DOTENV_TEST=# nothing"), "");
}

TEST_F(DotenvTest, WeighsLessThanTheEnvironment) {
  write("DOTENV_TEST=file");
  ::setenv("DOTENV_TEST", "environment", 1);
  load_dotenv(file());
  EXPECT_STREQ(std::getenv("DOTENV_TEST"), "environment");
}

TEST_F(DotenvTest, NamesTheLineThatIsWrong) {
  for (const char* line :
       {"DOTENV TEST=1", "=1", "DOTENV_TEST", "1A=2", "DOTENV_TEST=\"open", "DOTENV_TEST='a' b"}) {
    write("# first\n" + std::string(line) + "\n");
    try {
      load_dotenv(file());
      ADD_FAILURE() << line;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
    }
  }
}

TEST_F(DotenvTest, NoFileHasNoEffect) {
  EXPECT_NO_THROW(load_dotenv(directory_.path() / "none"));
}

}  // namespace
}  // namespace inpaint::cli
