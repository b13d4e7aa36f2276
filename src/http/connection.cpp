#include "http/connection.h"

#include <sys/socket.h>

#include <boost/asio/write.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "http/client_address.h"
#include "http/middleware.h"
#include "http/text.h"

namespace inpaint::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t kHeadBlock = 4096;
constexpr std::size_t kIdleBuffer = 4 * kHeadBlock;  // what a connection without a request may keep

Method to_method(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Method::kGet;
    case beast_http::verb::head:
      return Method::kHead;
    case beast_http::verb::post:
      return Method::kPost;
    case beast_http::verb::put:
      return Method::kPut;
    case beast_http::verb::patch:
      return Method::kPatch;
    case beast_http::verb::delete_:
      return Method::kDelete;
    case beast_http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

// "http://host/path" as proxies write it is "/path".
std::string_view without_origin(std::string_view target) {
  if (!target.starts_with("http://") && !target.starts_with("https://")) return target;
  const auto slash = target.find('/', target.find("//") + 2);
  return slash == std::string_view::npos ? "/" : target.substr(slash);
}

}  // namespace

Connection::Connection(Socket socket, Shared& shared, Gates& gates, Authenticator& authenticator,
                       DateHeader& date)
    : socket_(std::move(socket)),
      shared_(shared),
      gates_(gates),
      pool_(gates.blocking),
      authenticator_(authenticator),
      date_(date),
      event_timer_(socket_.get_executor()) {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto endpoint = socket_.remote_endpoint(ignored);
  remote_address_ = endpoint.address().to_string(ignored);
}

Task<void> Connection::run() {
  try {
    while (co_await serve_one()) {
    }
  } catch (const boost::system::system_error&) {
    // The client is gone, or was cut off.
  } catch (const std::exception& error) {
    log::error("errors", "a connection failed", {{"reason", error.what()}});
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Task<void> Connection::refuse(Error reason) {
  try {
    Exchange& exchange = exchange_.emplace();
    exchange.request.id = Uuid::make().to_string();
    exchange.response = to_response(reason, exchange.request.id);
    pass_exit(exchange);
    co_await write_response(exchange, false);
    co_await linger();
  } catch (const boost::system::system_error&) {
    // The client is gone, or was cut off.
  } catch (const std::exception& error) {
    log::error("errors", "a connection failed", {{"reason", error.what()}});
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Connection::check_deadline(Clock::time_point now) {
  if (now < deadline_) return;
  expect_nothing();
  is_late_ = true;
  cut_off();
}

void Connection::finish_up() {
  is_finishing_ = true;
  event_timer_.cancel();
  if (is_idle_) cut_off();
}

void Connection::cut_off() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  event_timer_.cancel();
}

Task<bool> Connection::serve_one() {
  exchange_.reset();
  Parser& parser = parser_.emplace();
  parser.header_limit(static_cast<std::uint32_t>(shared_.options.header_limit_bytes));
  parser.body_limit(boost::none);
  std::optional<Error> head_refusal;
  try {
    if (!co_await read_head(parser)) co_return false;
  } catch (const Error& error) {
    head_refusal = error;
  }
  Exchange& exchange = exchange_.emplace(begin_exchange(parser));
  exchange.head_refusal = std::move(head_refusal);
  co_await make_response(parser, exchange);
  pass_exit(exchange);

  const bool is_read = !exchange.head_refusal && (parser.is_done() || co_await drain(parser));
  const bool keep_alive = is_read && parser.keep_alive() && !is_finishing_;
  std::exception_ptr failure;
  try {
    co_await write_response(exchange, keep_alive);
  } catch (...) {
    failure = std::current_exception();
  }
  observe(exchange);
  if (failure) std::rethrow_exception(failure);
  if (!is_read) co_await linger();
  co_return keep_alive && !ends_with_answer_;
}

Task<bool> Connection::read_head(Parser& parser) {
  is_idle_ = buffer_.size() == 0;
  if (is_idle_ && buffer_.capacity() > kIdleBuffer) buffer_.shrink_to_fit();
  expect_within(is_idle_ ? shared_.options.idle_timeout : shared_.options.header_timeout);
  while (true) {
    if (buffer_.size() > 0) {
      boost::system::error_code error;
      buffer_.consume(parser.put(buffer_.data(), error));
      if (error == beast_http::error::header_limit) {
        throw Error(ErrorKind::kHeadersTooLarge, "HEADERS_TOO_LARGE", "The request's headers are too large.");
      }
      if (error && error != beast_http::error::need_more) {
        throw invalid("MALFORMED_REQUEST", "This is not well-formed HTTP: " + error.message() + ".");
      }
      if (parser.is_header_done()) break;
    }
    const auto [error, size] = co_await socket_.async_read_some(buffer_.prepare(kHeadBlock), kAwaitResult);
    if (error && is_late_ && !is_idle_) {
      throw Error(ErrorKind::kTimeout, "REQUEST_TIMEOUT", "The request took too long to arrive.");
    }
    if (error) co_return false;
    buffer_.commit(size);
    if (is_idle_) expect_within(shared_.options.header_timeout);
    is_idle_ = false;
  }
  expect_nothing();
  const auto coding = parser.get().find(beast_http::field::transfer_encoding);
  if (coding != parser.get().end() && !parser.chunked()) {
    throw Error(ErrorKind::kUnsupportedType, "UNSUPPORTED_ENCODING", "Bodies must be plain or chunked.");
  }
  parser.eager(true);
  co_return true;
}

Exchange Connection::begin_exchange(const Parser& parser) const {
  Exchange exchange;
  exchange.started = Clock::now();
  Request& request = exchange.request;
  request.method = to_method(parser.get().method());
  const auto target = parser.get().target();
  const std::string_view path_and_query = without_origin({target.data(), target.size()});
  const auto question = std::min(path_and_query.find('?'), path_and_query.size());
  exchange.raw_path = path_and_query.substr(0, question);
  request.path = percent_decode(exchange.raw_path, false).value_or(exchange.raw_path);
  if (question < path_and_query.size()) exchange.raw_query = path_and_query.substr(question + 1);
  for (const auto& field : parser.get()) {
    request.headers.add({field.name_string().data(), field.name_string().size()},
                        {field.value().data(), field.value().size()});
  }
  request.remote_address = client_address(remote_address_, request.headers, shared_.options.trusted_proxies);
  const auto hosts = parser.get().count(beast_http::field::host);
  exchange.has_valid_host = hosts == 1 || (hosts == 0 && parser.get().version() < 11);
  if (!parser.is_header_done()) return exchange;  // a head that was refused: this is what came of it
  if (const auto length = parser.content_length()) {
    exchange.content_length = static_cast<std::int64_t>(std::min<std::uint64_t>(*length, INT64_MAX));
  }
  exchange.is_chunked = parser.chunked();
  return exchange;
}

Task<void> Connection::make_response(Parser& parser, Exchange& exchange) {
  if (!attempt(exchange, [&] { pass_entrance(exchange, shared_); })) co_return;
  if (exchange.is_answered) co_return;
  // A stranger's gigabyte is refused before it is read.
  if (exchange.route->access != Access::kPublic && !co_await authenticator_.pass(exchange)) co_return;
  if (exchange.route->body != Body::kNone && !co_await read_body(parser, exchange)) co_return;
  if (exchange.route->run_on == RunOn::kNetworkThread) {
    attempt(exchange, [&] { exchange.response = exchange.route->handler(exchange.request); });
  } else {
    co_await handle(exchange);
  }
}

Task<void> Connection::handle(Exchange& exchange) {
  PoolGate& pool = gates_.of(exchange.route->run_on);
  if (!attempt(exchange, [&] { pool.enter(); })) co_return;
  co_await pool.move_here();
  attempt(exchange, [&] {
    exchange.response = exchange.route->handler(exchange.request);
    if (const auto* file = std::get_if<FileBody>(&exchange.response.body)) {
      exchange.file_plan = plan_file(exchange.request, *file, exchange.response);
    }
    if (std::holds_alternative<EventStream>(exchange.response.body)) {
      exchange.stream_place = shared_.streams.enter(exchange.request.remote_address);
      if (!exchange.stream_place) {
        throw Error(ErrorKind::kTooManyRequests, "TOO_MANY_STREAMS",
                    "Too many streams of events to this address.");
      }
    }
  });
  exchange.request.form.reset();  // removes its files, which blocks
  co_await pool.move_back();
  pool.leave();
}

void Connection::observe(Exchange& exchange) const {
  const log::Scope scope(exchange.log_context);
  const auto duration = Clock::now() - exchange.started;
  const bool is_quiet = exchange.route != nullptr && exchange.route->run_on == RunOn::kNetworkThread &&
                        exchange.route->access == Access::kPublic;
  const auto method = to_string(exchange.request.method);
  // The route and not the path: paths hold signed links.
  log::write(is_quiet ? log::Level::kDebug : log::Level::kInfo, "http", "answered",
             {{"method", method},
              {"route", exchange.route_name()},
              {"status", std::int64_t{exchange.response.status}},
              {"ms", std::chrono::duration<double, std::milli>(duration).count()}});
  if (shared_.options.observe) {
    shared_.options.observe({method, exchange.route_name(), exchange.response.status, duration});
  }
}

bool Connection::is_client_gone() {
  char byte = 0;
  const auto size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

}  // namespace inpaint::http
