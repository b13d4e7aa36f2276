#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "http/blocking_pool.h"
#include "http/exchange.h"
#include "http/inquiry_line.h"
#include "http/network.h"

namespace inpaint::http {

// Finds out who sends the requests of a network thread. Who comes while others are being asked about waits
// for the next question, which is about all who wait by then: the batching of DataLoader. Many in one
// question cost the database little more than one alone. Questions go over a line that the thread need not
// leave, where there is one, else over the pool. No answer is kept for later: what a request is told was read
// after it came. Used on the network thread only.
class Authenticator {
 public:
  Authenticator(const Shared& shared, PoolGate& pool, asio::io_context& context);

  // Sets the request's user. False, with the refusal as the response, for who is unknown or may not do this.
  Task<bool> pass(Exchange& exchange);
  // Gives up what does not answer.
  void check_deadline(InquiryLine::Clock::time_point now);
  // The server stops: nothing is opened any more.
  void finish_up() { is_finishing_ = true; }

 private:
  struct Waiting {
    Exchange* exchange;
    Resume resume;
  };
  using Batch = std::vector<Waiting>;
  // The second is with the database while the answers to the first are on their way to the clients.
  static constexpr std::size_t kUsuallyAsking = 2;

  auto wait(Exchange& exchange) {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [this, &exchange](Resume resume) { join(exchange, std::move(resume)); }, kAwait);
  }
  void join(Exchange& exchange, Resume resume);
  // Puts a question, if somebody waits for one and there may be one more.
  void begin_asking();
  bool has_room() const;
  // Whether a question is to be put now.
  bool begin_gathering();
  // Puts one question after the other until nobody waits for one.
  Task<void> ask();
  // Those who got no answer: all or none.
  Task<Batch> ask_by_line(InquiryLine& line);
  // About these, or if there are none, about those who wait by then.
  Task<void> ask_on_pool(Batch batch);
  InquiryLine* reserve_line();
  // Those that are not, for the database is there.
  void open_lines();
  Batch take();
  // As tell().
  bool authenticate(const Batch& batch) noexcept;
  static std::vector<Caller> callers_of(const Batch& batch);
  // Whether somebody was known: then the database has answered.
  static bool tell(const Batch& batch, std::vector<Caller>& callers) noexcept;

  const Shared& shared_;
  PoolGate& pool_;
  asio::io_context& context_;
  std::array<InquiryLine, kUsuallyAsking> lines_;
  bool is_finishing_ = false;
  std::size_t asking_ = 0;                       // coroutines that ask()
  std::chrono::steady_clock::time_point asked_;  // when the last of them began or went on
  std::mutex mutex_;
  // Changed on the network thread and on the pool.
  std::deque<Waiting> waiting_;
  bool is_gathering_ = false;
};

}  // namespace inpaint::http
