#pragma once

#include <ctime>

namespace inpaint::test {

// What `work` takes of a processor, in this thread. Unlike the time on the wall it is not longer on a machine
// that has other work, so two of them may be compared.
template <typename Work>
double processor_seconds(const Work& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double start = now();
  work();
  return now() - start;
}

}  // namespace inpaint::test
