// How a connection reads the bodies of requests.
#include <algorithm>
#include <boost/asio/write.hpp>
#include <vector>

#include "base/error.h"
#include "http/connection.h"
#include "http/middleware.h"
#include "http/part_header.h"
#include "http/upload.h"

namespace inpaint::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t kReadBlock = 64 * 1024;
constexpr std::size_t kUploadBlock = 256 * 1024;
constexpr std::int64_t kMaximumDrain = 64 * 1024;
constexpr auto kLingerTime = std::chrono::seconds(3);

template <typename Parser>
bool expects_continue(const Parser& parser) {
  return boost::beast::iequals(parser.get()[beast_http::field::expect], "100-continue");
}

}  // namespace

Task<bool> Connection::read_body(Parser& parser, Exchange& exchange) {
  std::optional<Error> refusal;
  try {
    if (expects_continue(parser) && buffer_.size() == 0) {
      co_await write({"HTTP/1.1 100 Continue\r\n\r\n"});
    }
    if (exchange.route->body == Body::kJson) {
      co_await read_json(parser, exchange);
    } else {
      co_await read_upload(parser, exchange);
    }
  } catch (const Error& error) {
    refusal = error;
  }
  expect_nothing();
  co_return !refusal || attempt(exchange, [&] { throw Error(*refusal); });
}

Task<void> Connection::read_json(Parser& parser, Exchange& exchange) {
  std::string& body = exchange.request.body;
  const auto limit = static_cast<std::size_t>(shared_.options.json_limit_bytes);
  std::vector<char> block(std::min<std::size_t>(
      kReadBlock, static_cast<std::size_t>(exchange.content_length.value_or(kReadBlock)) + 1));
  while (const std::size_t size = co_await read_block(parser, block)) {
    if (body.size() + size > limit) throw body_too_large(shared_.options.json_limit_bytes);
    body.append(block.data(), size);
  }
}

// Each block is parsed and written on the pool, so that memory stays flat and no disk holds up the network.
Task<void> Connection::read_upload(Parser& parser, Exchange& exchange) {
  std::optional<Upload> upload(std::in_place,
                               boundary_of(exchange.request.headers.find("Content-Type").value_or("")),
                               shared_.options.temporary_directory, shared_.options.minimum_free_bytes,
                               exchange.content_length.value_or(0));
  std::exception_ptr failure;
  try {
    co_await receive(parser, *upload);
  } catch (...) {
    failure = std::current_exception();
  }
  expect_nothing();
  co_await pool_.move_here();
  try {
    if (!failure) exchange.request.form = upload->finish();
  } catch (...) {
    failure = std::current_exception();
  }
  upload.reset();  // removes the files of an upload that failed, which blocks
  co_await pool_.move_back();
  if (failure) std::rethrow_exception(failure);
}

Task<void> Connection::receive(Parser& parser, Upload& upload) {
  std::vector<char> block(kUploadBlock);
  std::int64_t total = 0;
  while (const std::size_t size = co_await read_block(parser, block)) {
    total += static_cast<std::int64_t>(size);
    if (total > shared_.options.upload_limit_bytes) throw body_too_large(shared_.options.upload_limit_bytes);
    expect_nothing();
    std::exception_ptr failure;
    co_await pool_.move_here();
    try {
      upload.feed({block.data(), size});
    } catch (...) {
      failure = std::current_exception();
    }
    co_await pool_.move_back();
    if (failure) std::rethrow_exception(failure);
  }
}

// A body has to bring its minimum in every window, or it is cut off.
Task<std::size_t> Connection::read_block(Parser& parser, std::span<char> block) {
  auto& body = parser.get().body();
  body.data = block.data();
  body.size = block.size();
  body.more = true;
  const auto window = shared_.options.rate_window;
  const std::int64_t minimum = shared_.options.minimum_bytes_per_second * window.count() / 1000;
  std::int64_t in_window = 0;
  expect_within(window);
  while (!parser.is_done() && body.size > 0) {
    if (buffer_.size() > 0) {
      boost::system::error_code error;
      buffer_.consume(parser.put(buffer_.data(), error));
      if (error == beast_http::error::need_buffer) break;
      if (error && error != beast_http::error::need_more) {
        throw invalid("MALFORMED_REQUEST", "The body is not well-formed HTTP: " + error.message() + ".");
      }
      if (parser.is_done() || body.size == 0) break;
    }
    const auto [error, size] = co_await socket_.async_read_some(buffer_.prepare(kReadBlock), kAwaitResult);
    if (error && is_late_)
      throw Error(ErrorKind::kTimeout, "REQUEST_TIMEOUT", "The body arrives too slowly.");
    if (error) throw boost::system::system_error(error);
    buffer_.commit(size);
    in_window += static_cast<std::int64_t>(size);
    if (in_window >= minimum) {
      in_window = 0;
      expect_within(window);
    }
  }
  co_return block.size() - body.size;
}

Task<bool> Connection::drain(Parser& parser) {
  if (is_late_) co_return false;  // who was refused for being slow is not waited for once more
  if (parser.content_length_remaining().value_or(kMaximumDrain + 1) > kMaximumDrain) co_return false;
  if (expects_continue(parser)) co_return false;
  std::vector<char> block(kReadBlock);
  try {
    while (co_await read_block(parser, block) > 0) {
    }
  } catch (const Error&) {
    co_return false;
  }
  expect_nothing();
  co_return parser.is_done();
}

// Closing while the client still sends would take back the answer it has not read yet.
Task<void> Connection::linger() {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  expect_within(kLingerTime);
  buffer_.clear();
  while (true) {
    const auto [error, size] = co_await socket_.async_read_some(buffer_.prepare(kReadBlock), kAwaitResult);
    if (error) co_return;
  }
}

}  // namespace inpaint::http
