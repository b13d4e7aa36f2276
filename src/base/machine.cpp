#include "base/machine.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace inpaint {
namespace {

namespace fs = std::filesystem;

// The directories of a group and of all above it, whose limits hold for it too. Inside a container there may
// be no more to see than its own group, which is where the hierarchy is mounted.
std::vector<fs::path> with_those_above(const fs::path& mount, const fs::path& group) {
  std::vector<fs::path> directories{mount};
  for (const fs::path& name : group.relative_path()) directories.push_back(directories.back() / name);
  return directories;
}

// The number that a file begins with; nothing where it says "max".
std::optional<double> number_in(const fs::path& file) {
  double number = 0;
  return std::ifstream(file) >> number ? std::optional(number) : std::nullopt;
}

std::optional<double> quotient(std::optional<double> quota, std::optional<double> period) {
  if (!quota || !period || *period <= 0) return std::nullopt;
  return *quota / *period;
}

// "50000 100000": microseconds of work in so many of time.
std::optional<double> cores_in(const fs::path& file) {
  std::ifstream stream(file);
  double quota = 0;
  double period = 0;
  return stream >> quota >> period ? quotient(quota, period) : std::nullopt;
}

// What is not positive is no limit: -1 in version 1.
void limit(double& value, std::optional<double> limit) {
  if (limit && *limit > 0) value = std::min(value, *limit);
}

struct Limits {
  double cores;
  double memory_bytes;

  // One line of /proc/self/cgroup: a number, the controllers of a hierarchy of version 1, our group there.
  void apply(const std::string& line, const fs::path& mounts) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) return;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const fs::path group = line.substr(second + 1);
    if (controllers == ",,") {
      for (const fs::path& directory : with_those_above(mounts, group)) {
        limit(cores, cores_in(directory / "cpu.max"));
        limit(memory_bytes, number_in(directory / "memory.max"));
      }
    }
    if (controllers.find(",cpu,") != std::string::npos) {
      for (const fs::path& directory : with_those_above(mounts / "cpu", group)) {
        limit(cores, quotient(number_in(directory / "cpu.cfs_quota_us"),
                              number_in(directory / "cpu.cfs_period_us")));
      }
    }
    if (controllers.find(",memory,") != std::string::npos) {
      for (const fs::path& directory : with_those_above(mounts / "memory", group)) {
        limit(memory_bytes, number_in(directory / "memory.limit_in_bytes"));
      }
    }
  }
};

}  // namespace

Machine machine(const std::filesystem::path& root) {
  Limits limits{
      std::max(1.0, static_cast<double>(std::thread::hardware_concurrency())),
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE))};
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) limits.apply(line, root / "sys/fs/cgroup");
  return {static_cast<unsigned>(std::ceil(limits.cores)), static_cast<std::int64_t>(limits.memory_bytes)};
}

}  // namespace inpaint
