#include "http/authenticator.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "http/middleware.h"

namespace inpaint::http {
namespace {

// The second is with the database while the answers to the first are on their way to the clients.
constexpr std::size_t kUsuallyAsking = 2;
// Where both hang, on connections that are cut off, others must not hang with them.
constexpr std::size_t kMaximumAsking = 16;
constexpr std::chrono::seconds kIsStuck{1};
constexpr std::size_t kMaximumBatch = 16;

}  // namespace

Authenticator::Authenticator(const Shared& shared, PoolGate& pool, asio::io_context& context)
    : shared_(shared), pool_(pool), context_(context) {}

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
  if (!has_room() || !begin_gathering()) return;
  ++asking_;
  asio::co_spawn(context_, ask(), asio::detached);
}

bool Authenticator::has_room() const {
  if (asking_ < kUsuallyAsking) return true;
  return asking_ < kMaximumAsking && std::chrono::steady_clock::now() - asked_ > kIsStuck;
}

// A question gathers callers until the pool comes to it; before that there is no need for another.
bool Authenticator::begin_gathering() {
  const std::scoped_lock lock(mutex_);
  return !waiting_.empty() && !std::exchange(is_gathering_, true);
}

Task<void> Authenticator::ask() {
  do {
    asked_ = std::chrono::steady_clock::now();
    co_await pool_.move_here();
    std::vector<Waiting> batch = take();
    authenticate(batch);
    co_await pool_.move_back();
    for (Waiting& one : batch) one.resume();
  } while (begin_gathering());
  --asking_;
}

std::vector<Authenticator::Waiting> Authenticator::take() {
  std::vector<Waiting> batch;
  const std::scoped_lock lock(mutex_);
  is_gathering_ = false;
  while (!waiting_.empty() && batch.size() < kMaximumBatch) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void Authenticator::authenticate(const std::vector<Waiting>& batch) noexcept {
  std::vector<Caller> callers;
  callers.reserve(batch.size());
  for (const Waiting& one : batch) {
    callers.push_back({one.exchange->request, one.exchange->log_context, nullptr, std::nullopt});
  }
  std::exception_ptr failure;
  try {
    shared_.authenticate(callers);
  } catch (...) {
    failure = std::current_exception();
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    attempt(*batch[i].exchange, [&] {
      if (failure) std::rethrow_exception(failure);
      if (callers[i].refusal) throw Error(*callers[i].refusal);
      if (!callers[i].user) throw internal("a caller was neither known nor refused");
      batch[i].exchange->request.user = std::move(callers[i].user);
    });
  }
}

}  // namespace inpaint::http
