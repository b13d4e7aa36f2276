#include "storage/temporary_area.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "unit/temporary_directory.h"

namespace inpaint::storage {
namespace {

namespace fs = std::filesystem;

class TemporaryAreaTest : public testing::Test {
 protected:
  std::size_t areas() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()));
  }

  // A process that leaves a file in an area and dies as by kill -9.
  void leave_area_of_dead_process() const {
    const pid_t child = ::fork();
    if (child == 0) {
      const TemporaryArea area(directory_.path());
      std::ofstream(area.new_path(".png")) << "half an upload";
      ::_exit(9);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 9);
  }

  test::TemporaryDirectory directory_;
};

TEST_F(TemporaryAreaTest, IsGoneAtTheEndWithItsFiles) {
  {
    const TemporaryArea area(directory_.path());
    std::ofstream(area.new_path()) << "x";
    EXPECT_TRUE(area.was_alone());
    EXPECT_EQ(areas(), 1u);
  }
  EXPECT_EQ(areas(), 0u);
}

TEST_F(TemporaryAreaTest, trap_F4_what_a_killed_process_left_is_removed_by_the_next) {
  leave_area_of_dead_process();
  ASSERT_EQ(areas(), 1u);
  std::ofstream(directory_.path() / "stray") << "x";
  const TemporaryArea area(directory_.path());
  EXPECT_TRUE(area.was_alone());
  EXPECT_EQ(areas(), 1u);
  EXPECT_TRUE(fs::is_empty(area.path()));
}

TEST_F(TemporaryAreaTest, WhatALiveProcessUsesStays) {
  TemporaryArea first(directory_.path());
  const fs::path file = first.new_path();
  std::ofstream(file) << "in use";
  TemporaryArea second(directory_.path());
  EXPECT_FALSE(second.was_alone());
  leave_area_of_dead_process();
  EXPECT_EQ(areas(), 3u);
  first.remove_abandoned();
  EXPECT_EQ(areas(), 2u);
  EXPECT_TRUE(fs::exists(file));
}

TEST_F(TemporaryAreaTest, AFileIsRemovedAtTheEndOfItsScopeUnlessItMovedAway) {
  const TemporaryArea area(directory_.path());
  const fs::path kept = area.new_path();
  {
    const TemporaryFile removed(area.new_path());
    const TemporaryFile moved(area.new_path());
    std::ofstream(removed.path()) << "x";
    std::ofstream(moved.path()) << "x";
    fs::rename(moved.path(), kept);
  }
  EXPECT_TRUE(fs::exists(kept));
  EXPECT_EQ(std::distance(fs::directory_iterator(area.path()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace inpaint::storage
