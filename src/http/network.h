#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

// Inside http/ only: the names under which Asio is used.
namespace inpaint::http {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <typename Value>
using Task = asio::awaitable<Value, Executor>;

inline constexpr asio::use_awaitable_t<Executor> kAwait;
// Errors come as values instead of exceptions.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAwaitResult{kAwait};

}  // namespace inpaint::http
