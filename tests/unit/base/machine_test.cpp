#include "base/machine.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "unit/temporary_directory.h"

namespace inpaint {
namespace {

// A root directory with the files by which the kernel tells of control groups.
class MachineTest : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = root() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  const std::filesystem::path& root() const { return directory_.path(); }
  unsigned cores() const { return machine(root()).cores; }
  std::int64_t memory() const { return machine(root()).memory_bytes; }

  const test::TemporaryDirectory directory_;
  const Machine whole_ = machine(root());  // before there are groups
};

TEST_F(MachineTest, WithoutGroupsItIsTheWholeMachine) {
  EXPECT_EQ(whole_.cores, std::thread::hardware_concurrency());
  EXPECT_GT(whole_.memory_bytes, std::int64_t{256} << 20);
}

TEST_F(MachineTest, AContainersLimitsHold) {
  write("proc/self/cgroup", "0::/");
  write("sys/fs/cgroup/cpu.max", "50000 100000");
  write("sys/fs/cgroup/memory.max", "104857600");
  EXPECT_EQ(cores(), 1U);
  EXPECT_EQ(memory(), 104857600);
}

TEST_F(MachineTest, APartOfACoreCountsAsOne) {
  if (whole_.cores < 2) GTEST_SKIP() << "needs two cores";
  write("proc/self/cgroup", "0::/");
  write("sys/fs/cgroup/cpu.max", "100001 100000");
  EXPECT_EQ(cores(), 2U);
}

TEST_F(MachineTest, ALimitOfAGroupAboveHolds) {
  write("proc/self/cgroup", "0::/system.slice/inpaint.service");
  write("sys/fs/cgroup/system.slice/cpu.max", "100000 100000");
  write("sys/fs/cgroup/system.slice/memory.max", "max");
  write("sys/fs/cgroup/system.slice/inpaint.service/cpu.max", "max 100000");
  write("sys/fs/cgroup/system.slice/inpaint.service/memory.max", "209715200");
  EXPECT_EQ(cores(), 1U);
  EXPECT_EQ(memory(), 209715200);
}

// As with a container's group whose path, as the host sees it, is not there inside.
TEST_F(MachineTest, AGroupThatCannotBeSeenIsLeftOut) {
  write("proc/self/cgroup", "0::/../../docker/0123");
  write("sys/fs/cgroup/memory.max", "104857600");
  EXPECT_EQ(memory(), 104857600);
}

TEST_F(MachineTest, GroupsOfVersion1Count) {
  write("proc/self/cgroup", "5:memory:/docker/0123\n4:cpu,cpuacct:/docker/0123\n3:cpuset:/\n0::/");
  write("sys/fs/cgroup/cpu/docker/0123/cpu.cfs_quota_us", "20000");
  write("sys/fs/cgroup/cpu/docker/0123/cpu.cfs_period_us", "100000");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_EQ(cores(), 1U);
  EXPECT_EQ(memory(), whole_.memory_bytes);
  write("sys/fs/cgroup/memory/docker/0123/memory.limit_in_bytes", "314572800");
  EXPECT_EQ(memory(), 314572800);
}

TEST_F(MachineTest, NoLimitIsNone) {
  write("proc/self/cgroup", "4:cpu:/\n0::/");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  write("sys/fs/cgroup/cpu.max", "max 100000");
  write("sys/fs/cgroup/memory.max", "max");
  EXPECT_EQ(cores(), whole_.cores);
  EXPECT_EQ(memory(), whole_.memory_bytes);
}

TEST_F(MachineTest, WhatIsNotUnderstoodIsNoLimit) {
  write("proc/self/cgroup", "nonsense\n:\n0::\n::::\n1:cpu:");
  write("sys/fs/cgroup/cpu.max", "many");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "0");
  write("sys/fs/cgroup/memory.max", "");
  EXPECT_EQ(cores(), whole_.cores);
  EXPECT_EQ(memory(), whole_.memory_bytes);
}

}  // namespace
}  // namespace inpaint
