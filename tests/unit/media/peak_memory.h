// How much memory a call takes.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>

#include "unit/media/fixtures.h"

namespace inpaint::media::test {

constexpr std::int64_t kMegabyte = 1 << 20;

// By how much `call` raises the peak memory of a process, in bytes: tried in a child, so that what other
// tests used does not count. A call that throws counts like any other.
template <typename Call>
std::int64_t peak_memory(const Call& call) {
  const auto peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;
  };
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    const std::int64_t before = peak();
    code_of(call);
    const std::int64_t grown = peak() - before;
    const bool told = write(ends[1], &grown, sizeof grown) == sizeof grown;
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  std::int64_t grown = -1;
  if (read(ends[0], &grown, sizeof grown) != sizeof grown) grown = -1;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return grown;
}

constexpr int kShadow = INPAINT_SANITIZED ? 3 : 1;  // the sanitizer's own share of memory

inline void expect_peak_below(std::int64_t megabytes, const std::function<void()>& call) {
  const std::int64_t grown = peak_memory(call);
  EXPECT_GE(grown, 0);
  EXPECT_LT(grown, megabytes * kMegabyte * kShadow);
}

}  // namespace inpaint::media::test
