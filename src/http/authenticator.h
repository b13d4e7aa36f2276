#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "http/blocking_pool.h"
#include "http/exchange.h"
#include "http/network.h"

namespace inpaint::http {

// Finds out who sends the requests of a network thread. Who comes while others are being asked about waits
// for the next question, which is about all who wait by then: the batching of DataLoader. Many in one
// question cost the database and the pool little more than one alone. No answer is kept for later: what a
// request is told was read after it came. Used on the network thread only.
class Authenticator {
 public:
  Authenticator(const Shared& shared, PoolGate& pool, asio::io_context& context);

  // Sets the request's user. False, with the refusal as the response, for who is unknown or may not do this.
  Task<bool> pass(Exchange& exchange);

 private:
  struct Waiting {
    Exchange* exchange;
    Resume resume;
  };

  auto wait(Exchange& exchange) {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [this, &exchange](Resume resume) { join(exchange, std::move(resume)); }, kAwait);
  }
  void join(Exchange& exchange, Resume resume);
  // Whether there may be one question more.
  bool has_room() const;
  // Whether a question is to be put now.
  bool begin_gathering();
  // Puts one question after the other until nobody waits for one.
  Task<void> ask();
  std::vector<Waiting> take();
  void authenticate(const std::vector<Waiting>& batch) noexcept;

  const Shared& shared_;
  PoolGate& pool_;
  asio::io_context& context_;
  std::size_t asking_ = 0;                       // coroutines that ask()
  std::chrono::steady_clock::time_point asked_;  // when the last of them began or went on
  std::mutex mutex_;
  // Changed on the network thread and on the pool.
  std::deque<Waiting> waiting_;
  bool is_gathering_ = false;
};

}  // namespace inpaint::http
