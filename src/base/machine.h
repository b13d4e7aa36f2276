#pragma once

#include <cstdint>
#include <filesystem>

namespace inpaint {

// What this process may use of the machine: what there is, or less where a control group that it is in has a
// limit (a container's, CPUQuota= and MemoryMax= of a unit; control groups of version 1 and 2). `root` is for
// tests.
struct Machine {
  unsigned cores = 1;  // at least 1; a part of one counts as one
  std::int64_t memory_bytes = 0;
};
Machine machine(const std::filesystem::path& root = "/");

}  // namespace inpaint
