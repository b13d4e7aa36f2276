// The yardstick of bench/http: the least that Beast can answer, one coroutine a connection, a fixed small
// body. No routes, no limits, no deadlines, no log.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr asio::as_tuple_t<asio::use_awaitable_t<>> kAwaitResult{};

asio::awaitable<void> serve(asio::ip::tcp::socket socket) {
  boost::beast::flat_buffer buffer;
  while (true) {
    http::request<http::string_body> request;
    const auto [read_error, read_size] = co_await http::async_read(socket, buffer, request, kAwaitResult);
    if (read_error) co_return;
    http::response<http::string_body> response(http::status::ok, request.version());
    response.set(http::field::content_type, "application/json");
    response.keep_alive(request.keep_alive());
    response.body() = R"({"success":true,"message":"hello"})";
    response.prepare_payload();
    const auto [write_error, written] = co_await http::async_write(socket, response, kAwaitResult);
    if (write_error || !response.keep_alive()) co_return;
  }
}

asio::awaitable<void> accept(asio::ip::tcp::acceptor& acceptor) {
  while (true) {
    auto [error, socket] = co_await acceptor.async_accept(kAwaitResult);
    if (error) co_return;
    socket.set_option(asio::ip::tcp::no_delay(true));
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

}  // namespace

// bench_hello THREADS: listens on a free port of 127.0.0.1 and prints its URL.
int main(int count, char** arguments) {
  const int threads = count > 1 ? std::atoi(arguments[1]) : 1;
  asio::io_context context(threads);
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
  std::printf("Listening on http://127.0.0.1:%u\n", unsigned{acceptor.local_endpoint().port()});
  std::fflush(stdout);
  asio::co_spawn(context, accept(acceptor), asio::detached);
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&] { context.run(); });
  context.run();
}
