#include "http/inquiry_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "base/log.h"

namespace inpaint::http {
namespace {

// What answers within a millisecond is in trouble after that, and callers must not wait for its end.
constexpr std::chrono::seconds kPatience{1};

}  // namespace

InquiryLine::InquiryLine(const OpenCallerInquiry& open, PoolGate& pool, asio::io_context& context)
    : open_(open), pool_(pool), context_(context) {}

bool InquiryLine::reserve() {
  if (!is_free()) return false;
  is_reserved_ = true;
  return true;
}

Task<bool> InquiryLine::ask(std::span<Caller> callers) {
  try {
    if (inquiry_->ask(callers)) co_await wait_for_answer(callers);
  } catch (const std::exception& error) {
    close(error);
  }
  deadline_ = Clock::time_point::max();
  is_reserved_ = false;
  co_return is_open();
}

Task<void> InquiryLine::wait_for_answer(std::span<Caller> callers) {
  deadline_ = Clock::now() + kPatience;
  do {
    const auto [error] = co_await socket_->async_wait(Descriptor::wait_read, kAwaitResult);
    if (error) throw internal("there was no answer in time");
  } while (!inquiry_->answer(callers));
  pause_ = kShortestPause;
}

void InquiryLine::check_deadline(Clock::time_point now) {
  if (now < deadline_) return;
  boost::system::error_code ignored;
  socket_->cancel(ignored);
}

void InquiryLine::open() {
  if (!open_ || is_open() || is_opening_ || Clock::now() < open_again_) return;
  is_opening_ = true;
  asio::co_spawn(context_, open_on_pool(), asio::detached);
}

Task<void> InquiryLine::open_on_pool() {
  std::unique_ptr<CallerInquiry> opened;
  std::exception_ptr failure;
  co_await pool_.move_here();
  try {
    opened = open_();
  } catch (...) {
    failure = std::current_exception();
  }
  co_await pool_.move_back();
  is_opening_ = false;
  try {
    if (failure) std::rethrow_exception(failure);
    adopt(std::move(opened));
  } catch (const std::exception& error) {
    close(error);
  }
}

void InquiryLine::adopt(std::unique_ptr<CallerInquiry> inquiry) {
  if (!inquiry) {
    open_ = nullptr;
    return;
  }
  const int duplicate = ::fcntl(inquiry->socket(), F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) throw internal("there is no file descriptor left");
  boost::system::error_code error;
  socket_.emplace(context_).assign(duplicate, error);
  if (error) {
    ::close(duplicate);
    throw internal("a socket can't be watched: " + error.message());
  }
  inquiry_ = std::move(inquiry);
}

void InquiryLine::close(const std::exception& reason) {
  log::warn("errors", "a line to ask who is calling is closed for a while", {{"reason", reason.what()}});
  socket_.reset();
  inquiry_.reset();
  open_again_ = Clock::now() + pause_;
  pause_ = std::min(2 * pause_, kLongestPause);
}

}  // namespace inpaint::http
