#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>

#include "http/authentication.h"
#include "http/blocking_pool.h"
#include "http/network.h"

namespace inpaint::http {

// A network thread's line to who knows the callers: an inquiry, while one is open, and the event loop that
// waits for its answers. A line that fails or does not answer is closed and may be opened anew after a while,
// which grows as long as no question is answered. Used on the network thread only.
class InquiryLine {
 public:
  using Clock = std::chrono::steady_clock;

  InquiryLine(const OpenCallerInquiry& open, PoolGate& pool, asio::io_context& context);

  bool is_open() const { return inquiry_ != nullptr; }
  bool is_free() const { return is_open() && !is_reserved_; }
  // True for one at a time, who then may ask once.
  bool reserve();
  // Whether each of the callers got an answer; else the line is closed. Ends the reservation.
  Task<bool> ask(std::span<Caller> callers);

  // Opens the line in the background, unless it is open or must not yet be. For when others were answered.
  void open();
  // Gives up an answer that does not come.
  void check_deadline(Clock::time_point now);

 private:
  static constexpr std::chrono::seconds kShortestPause{1};
  static constexpr std::chrono::seconds kLongestPause{60};
  using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

  Task<void> open_on_pool();
  void adopt(std::unique_ptr<CallerInquiry> inquiry);
  Task<void> wait_for_answer(std::span<Caller> callers);
  void close(const std::exception& reason);

  OpenCallerInquiry open_;  // empty where there is nothing to open
  PoolGate& pool_;
  asio::io_context& context_;
  std::unique_ptr<CallerInquiry> inquiry_;
  std::optional<Descriptor> socket_;  // of the inquiry; a duplicate, because the inquiry closes its own
  bool is_reserved_ = false;
  bool is_opening_ = false;
  Clock::time_point open_again_{};
  std::chrono::seconds pause_ = kShortestPause;
  Clock::time_point deadline_ = Clock::time_point::max();
};

}  // namespace inpaint::http
