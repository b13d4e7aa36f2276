#include "cli/secret.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "base/error.h"
#include "unit/temporary_directory.h"

namespace inpaint::cli {
namespace {

class SecretTest : public testing::Test {
 protected:
  std::filesystem::path file() const { return directory_.path() / "secret"; }

  test::TemporaryDirectory directory_;
};

TEST_F(SecretTest, IsMadeOnceAndReadableByItsOwnerOnly) {
  const std::string secret = load_or_make_secret(file());
  EXPECT_EQ(secret.size(), 64U);
  EXPECT_EQ(load_or_make_secret(file()), secret);
  EXPECT_NE(load_or_make_secret(directory_.path() / "other"), secret);
  struct stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SecretTest, trap_Q6_processes_that_start_at_once_get_the_same) {
  std::vector<std::string> secrets(8);
  std::vector<std::thread> threads;
  for (std::string& secret : secrets) {
    threads.emplace_back([&secret, this] { secret = load_or_make_secret(file()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(secrets.begin(), secrets.end()).size(), 1U);
  const auto files = std::filesystem::directory_iterator(directory_.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "no draft stays";
}

TEST_F(SecretTest, RefusesAFileThatHoldsNoSecret) {
  std::ofstream(file()) << "short\n";
  EXPECT_THROW(load_or_make_secret(file()), Error);
  EXPECT_THROW(load_or_make_secret(directory_.path() / "no" / "directory"), Error);
}

}  // namespace
}  // namespace inpaint::cli
