#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/engine.h"

namespace inpaint::engine {

// The threads of one call of the engine. Work is divided into numbered pieces whose results do not depend on
// who does them or when, so that any number of threads gives the same bytes; an idle thread takes the next
// piece.
class Workers {
 public:
  // threads ≥ 1 counts the calling thread; cancel must outlive this.
  Workers(int threads, const CancelToken& cancel);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Calls piece(0) … piece(count - 1), each once, on all threads, and returns when all are done. A piece
  // must not throw, and takes milliseconds at most: between two of them the cancel token is looked at.
  // Throws kConflict CANCELLED.
  void each(int count, const std::function<void(int)>& piece);

  // For what cannot be divided: throws as each() does.
  void throw_if_cancelled() const;

 private:
  void serve();
  void take_pieces();
  template <typename Condition>
  static void spin_until(const Condition& condition);

  const CancelToken& cancel_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_;
  const std::function<void(int)>* piece_ = nullptr;
  int count_ = 0;
  std::atomic<int> next_{0};
  std::atomic<int> busy_{0};  // these three change under the mutex, and are also looked at without it
  std::atomic<std::uint64_t> round_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

void throw_if_cancelled(const CancelToken& cancel);

// Rows per piece of work. A constant, so that the division does not depend on the number of threads.
constexpr int kBand = 8;
// Calls work(first, last) for bands of rows that cover [0, rows).
template <typename Work>
void in_bands(Workers& workers, int rows, const Work& work) {
  workers.each((rows + kBand - 1) / kBand, [&](int band) {
    work(band * kBand, band * kBand + kBand < rows ? band * kBand + kBand : rows);
  });
}

}  // namespace inpaint::engine
