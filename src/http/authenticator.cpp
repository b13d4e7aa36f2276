#include "http/authenticator.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "http/middleware.h"

namespace inpaint::http {
namespace {

// Where those who usually ask hang, on connections that are cut off, others must not hang with them.
constexpr std::size_t kMaximumAsking = 16;
constexpr std::chrono::seconds kIsStuck{1};
constexpr std::size_t kMaximumBatch = 16;

}  // namespace

Authenticator::Authenticator(const Shared& shared, PoolGate& pool, asio::io_context& context)
    : shared_(shared),
      pool_(pool),
      context_(context),
      lines_{InquiryLine(shared.authentication.open_inquiry, pool, context),
             InquiryLine(shared.authentication.open_inquiry, pool, context)} {}

Task<bool> Authenticator::pass(Exchange& exchange) {
  if (!attempt(exchange, [&] { pool_.enter(); })) co_return false;
  co_await wait(exchange);
  pool_.leave();
  if (!exchange.request.user) co_return false;
  co_return attempt(exchange, [&] { authorize(exchange, shared_); });
}

void Authenticator::join(Exchange& exchange, Resume resume) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back({&exchange, std::move(resume)});
  }
  begin_asking();
}

void Authenticator::begin_asking() {
  if (!has_room() || !begin_gathering()) return;
  ++asking_;
  asio::co_spawn(context_, ask(), asio::detached);
}

void Authenticator::check_deadline(InquiryLine::Clock::time_point now) {
  for (InquiryLine& line : lines_) line.check_deadline(now);
  begin_asking();  // who came while all others hung
}

bool Authenticator::has_room() const {
  if (std::ranges::any_of(lines_, &InquiryLine::is_free)) return true;
  if (asking_ < kUsuallyAsking && std::ranges::none_of(lines_, &InquiryLine::is_open)) return true;
  return asking_ < kMaximumAsking && std::chrono::steady_clock::now() - asked_ > kIsStuck;
}

// A question gathers callers until it is put; before that there is no need for another.
bool Authenticator::begin_gathering() {
  const std::scoped_lock lock(mutex_);
  return !waiting_.empty() && !std::exchange(is_gathering_, true);
}

Task<void> Authenticator::ask() {
  do {
    asked_ = std::chrono::steady_clock::now();
    Batch batch;
    InquiryLine* line = reserve_line();
    if (line != nullptr) batch = co_await ask_by_line(*line);
    if (line == nullptr || !batch.empty()) co_await ask_on_pool(std::move(batch));
  } while (begin_gathering());
  --asking_;
}

Task<Authenticator::Batch> Authenticator::ask_by_line(InquiryLine& line) {
  co_await asio::post(asio::bind_executor(context_.get_executor(), kAwait));  // behind what is ready now
  Batch batch = take();
  begin_asking();  // about those whom it did not take
  std::vector<Caller> callers = callers_of(batch);
  if (!co_await line.ask(callers)) {
    begin_asking();  // about those who waited for this line
    co_return batch;
  }
  if (tell(batch, callers)) open_lines();
  for (Waiting& one : batch) one.resume();
  co_return Batch();
}

Task<void> Authenticator::ask_on_pool(Batch batch) {
  co_await pool_.move_here();
  if (batch.empty()) batch = take();
  const bool is_answered = authenticate(batch);
  co_await pool_.move_back();
  for (Waiting& one : batch) one.resume();
  if (is_answered) open_lines();
}

InquiryLine* Authenticator::reserve_line() {
  const auto free = std::ranges::find_if(lines_, [](InquiryLine& line) { return line.reserve(); });
  return free == lines_.end() ? nullptr : &*free;
}

void Authenticator::open_lines() {
  if (is_finishing_) return;
  for (InquiryLine& line : lines_) line.open();
}

Authenticator::Batch Authenticator::take() {
  Batch batch;
  const std::scoped_lock lock(mutex_);
  is_gathering_ = false;
  while (!waiting_.empty() && batch.size() < kMaximumBatch) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

bool Authenticator::authenticate(const Batch& batch) noexcept {
  std::vector<Caller> callers = callers_of(batch);
  try {
    shared_.authentication.authenticate(callers);
  } catch (...) {
    const std::exception_ptr failure = std::current_exception();
    for (const Waiting& one : batch) attempt(*one.exchange, [&] { std::rethrow_exception(failure); });
    return false;
  }
  return tell(batch, callers);
}

std::vector<Caller> Authenticator::callers_of(const Batch& batch) {
  std::vector<Caller> callers;
  callers.reserve(batch.size());
  for (const Waiting& one : batch) {
    callers.push_back({one.exchange->request, one.exchange->log_context, nullptr, std::nullopt});
  }
  return callers;
}

bool Authenticator::tell(const Batch& batch, std::vector<Caller>& callers) noexcept {
  const bool is_answered =
      std::ranges::any_of(callers, [](const Caller& caller) { return caller.user != nullptr; });
  for (std::size_t i = 0; i < batch.size(); ++i) {
    attempt(*batch[i].exchange, [&] {
      if (callers[i].refusal) throw Error(*callers[i].refusal);
      if (!callers[i].user) throw internal("a caller was neither known nor refused");
      batch[i].exchange->request.user = std::move(callers[i].user);
    });
  }
  return is_answered;
}

}  // namespace inpaint::http
