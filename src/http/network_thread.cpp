#include "http/network_thread.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

namespace inpaint::http {
namespace {

constexpr auto kWatchInterval = std::chrono::milliseconds(250);
constexpr std::size_t kMaximumTurnedAway = 256;

}  // namespace

NetworkThread::NetworkThread(Shared& shared, Pools& pools)
    : shared_(shared), gates_(pools, context_), authenticator_(shared, gates_.blocking, context_) {}

void NetworkThread::start() {
  asio::co_spawn(context_, watch_deadlines(), asio::detached);
  thread_ = std::thread([this] { context_.run(); });
}

void NetworkThread::adopt(Socket socket, AddressLimit::Place place) {
  count_.fetch_add(1, std::memory_order_relaxed);
  asio::co_spawn(context_, serve(std::move(socket), std::move(place)), asio::detached);
}

void NetworkThread::turn_away(Socket socket, Error reason) {
  if (shared_.turned_away >= kMaximumTurnedAway) return;
  ++shared_.turned_away;
  count_.fetch_add(1, std::memory_order_relaxed);
  asio::co_spawn(context_, refuse(std::move(socket), std::move(reason)), asio::detached);
}

void NetworkThread::finish_up() {
  asio::post(context_, [this] {
    is_finishing_ = true;
    authenticator_.finish_up();
    for (Connection* connection : open_) connection->finish_up();
  });
}

void NetworkThread::cut_off() {
  asio::post(context_, [this] {
    for (Connection* connection : open_) connection->cut_off();
  });
}

void NetworkThread::join() {
  asio::post(context_, [this] {
    is_ending_ = true;
    watch_.cancel();
  });
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

// Whoever counts connections may rely on it that one that is not counted any more holds nothing.
Task<void> NetworkThread::serve(Socket socket, AddressLimit::Place place) {
  {
    const AddressLimit::Place held = std::move(place);
    Connection connection(std::move(socket), shared_, gates_, authenticator_, date_);
    open_.insert(&connection);
    if (!is_finishing_) co_await connection.run();
    open_.erase(&connection);
  }
  count_.fetch_sub(1, std::memory_order_relaxed);
}

Task<void> NetworkThread::refuse(Socket socket, Error reason) {
  {
    Connection connection(std::move(socket), shared_, gates_, authenticator_, date_);
    open_.insert(&connection);
    if (!is_finishing_) co_await connection.refuse(std::move(reason));
    open_.erase(&connection);
  }
  --shared_.turned_away;
  count_.fetch_sub(1, std::memory_order_relaxed);
}

Task<void> NetworkThread::watch_deadlines() {
  // A timer that has run out already can't be cancelled any more.
  while (!is_ending_) {
    watch_.expires_after(kWatchInterval);
    const auto [error] = co_await watch_.async_wait(kAwaitResult);
    if (error) co_return;
    const auto now = Connection::Clock::now();
    authenticator_.check_deadline(now);
    for (Connection* connection : open_) connection->check_deadline(now);
  }
}

}  // namespace inpaint::http
