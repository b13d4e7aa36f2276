#include "http/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "http/network_thread.h"

namespace inpaint::http {
namespace {

constexpr auto kAcceptPause = std::chrono::milliseconds(50);
constexpr auto kStopPoll = std::chrono::milliseconds(10);

Error overloaded() {
  return {ErrorKind::kUnavailable, "OVERLOADED", "There are too many connections at the moment."};
}

Error too_many_connections() {
  return {ErrorKind::kTooManyRequests, "TOO_MANY_CONNECTIONS", "Too many connections from this address."};
}

asio::ip::tcp::endpoint resolve(const std::string& host, std::uint16_t port) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) throw invalid("BAD_HOST", "\"" + host + "\" is not an IP address to listen on.");
  return {address, port};
}

}  // namespace

class Server::Implementation {
 public:
  Implementation(const ServerOptions& options, Router router, Authentication authentication)
      : shared_{.options = options,
                .router = std::move(router),
                .authentication = std::move(authentication),
                .rate_limiter = RateLimiter(options.requests_per_minute),
                // A proxy's connections are those of all its clients.
                .connections =
                    AddressLimit(options.trusted_proxies > 0 ? 0 : options.connections_per_address),
                .streams = AddressLimit(options.streams_per_address)},
        pools_{{options.blocking_threads, options.blocking_queue_limit},
               {options.slow_threads, options.slow_queue_limit},
               {options.upload_threads, options.upload_queue_limit},
               {options.file_threads, options.file_queue_limit}},
        threads_(make_threads(std::max(1U, options.network_threads))) {}
  ~Implementation() { stop(std::chrono::milliseconds(0)); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  std::uint16_t start() {
    const auto endpoint = resolve(shared_.options.host, shared_.options.port);
    try {
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(asio::socket_base::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen(asio::socket_base::max_listen_connections);
    } catch (const boost::system::system_error& error) {
      throw Error(ErrorKind::kUnavailable, "CANNOT_LISTEN",
                  "Port " + std::to_string(endpoint.port()) + " of " + shared_.options.host +
                      " can't be listened on: " + error.code().message() + ". Choose another with " +
                      (error.code() == std::errc::address_not_available ? "--host." : "--port."));
    }
    for (const auto& thread : threads_) thread->start();
    asio::co_spawn(threads_.front()->context(), accept(), asio::detached);
    is_running_ = true;
    return acceptor_.local_endpoint().port();
  }

  void stop(std::chrono::milliseconds grace) {
    if (!is_running_) return;
    is_running_ = false;
    const auto patience_ends = std::chrono::steady_clock::now() + grace;
    asio::post(acceptor_.get_executor(), [this] {
      boost::system::error_code ignored;
      acceptor_.close(ignored);
      accept_pause_.cancel();
    });
    for (const auto& thread : threads_) thread->finish_up();
    while (connections() > 0 && std::chrono::steady_clock::now() < patience_ends) {
      std::this_thread::sleep_for(kStopPoll);
    }
    // What a handler does can't be interrupted, only what its connection waits for.
    while (connections() > 0) {
      for (const auto& thread : threads_) thread->cut_off();
      std::this_thread::sleep_for(kStopPoll);
    }
    for (const auto& thread : threads_) thread->join();
    pools_.join();
  }

  std::size_t connections() const {
    return std::accumulate(threads_.begin(), threads_.end(), std::size_t{0},
                           [](std::size_t sum, const auto& thread) { return sum + thread->connections(); });
  }

 private:
  std::vector<std::unique_ptr<NetworkThread>> make_threads(unsigned count) {
    std::vector<std::unique_ptr<NetworkThread>> threads;
    for (unsigned i = 0; i < count; ++i) {
      threads.push_back(std::make_unique<NetworkThread>(shared_, pools_));
    }
    return threads;
  }

  Task<void> accept() {
    for (std::size_t next = 0; acceptor_.is_open(); next = (next + 1) % threads_.size()) {
      Socket socket(threads_[next]->context());
      const auto [error] = co_await acceptor_.async_accept(socket, kAwaitResult);
      if (error && !acceptor_.is_open()) co_return;
      if (error) {
        // Out of file descriptors, most likely: some will be free in a moment.
        log::warn("http", "a connection was not accepted", {{"reason", error.message()}});
        accept_pause_.expires_after(kAcceptPause);
        co_await accept_pause_.async_wait(kAwaitResult);
      } else {
        hand_over(std::move(socket), *threads_[next]);
      }
    }
  }

  // Who is one too many is told so, unless even those are too many.
  void hand_over(Socket socket, NetworkThread& thread) {
    boost::system::error_code ignored;
    const std::string address = socket.remote_endpoint(ignored).address().to_string();
    const std::size_t turned_away = shared_.turned_away;
    if (connections() >= shared_.options.connection_limit + turned_away) {
      thread.turn_away(std::move(socket), overloaded());
    } else if (auto place = shared_.connections.enter(address)) {
      thread.adopt(std::move(socket), *std::move(place));
    } else {
      thread.turn_away(std::move(socket), too_many_connections());
    }
  }

  Shared shared_;
  Pools pools_;
  std::vector<std::unique_ptr<NetworkThread>> threads_;
  asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor_{threads_.front()->context()};
  Timer accept_pause_{threads_.front()->context()};
  bool is_running_ = false;
};

Server::Server(const ServerOptions& options, Router router, Authentication authentication)
    : implementation_(
          std::make_unique<Implementation>(options, std::move(router), std::move(authentication))) {}

Server::~Server() = default;

std::uint16_t Server::start() {
  return implementation_->start();
}

void Server::stop(std::chrono::milliseconds grace) {
  implementation_->stop(grace);
}

std::size_t Server::connections() const {
  return implementation_->connections();
}

}  // namespace inpaint::http
