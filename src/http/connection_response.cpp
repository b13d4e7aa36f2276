// How a connection writes answers.
#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>
#include <vector>

#include "base/byte_source.h"
#include "base/log.h"
#include "http/connection.h"
#include "http/file_response.h"
#include "http/middleware.h"

namespace inpaint::http {
namespace {

constexpr std::size_t kFileBlock = 256 * 1024;
constexpr auto kHeartbeat = std::chrono::seconds(15);  // proxies end streams that are silent for longer

bool has_no_body(const Exchange& exchange) {
  return exchange.request.method == Method::kHead || exchange.response.status == 204 ||
         exchange.response.status == 304;
}

}  // namespace

Task<void> Connection::write_response(Exchange& exchange, bool keep_alive) {
  Response& response = exchange.response;
  if (const auto* file = std::get_if<FileBody>(&response.body)) {
    co_await write_file(exchange, *file, keep_alive);
  } else if (const auto* events = std::get_if<EventStream>(&response.body)) {
    co_await write_events(exchange, *events);
  } else {
    const std::string& body = std::get<std::string>(response.body);
    const auto length = response.status == 204 ? std::nullopt : std::optional<std::int64_t>(body.size());
    const std::string head =
        serialize_head({response.status, length, keep_alive}, response.headers, response.content_type, date_);
    co_await write({head, end_of_head(), has_no_body(exchange) ? std::string_view() : body});
  }
}

// Blocks are read on the pool one after the other; one that can't be read ends the connection.
Task<void> Connection::write_file(Exchange& exchange, const FileBody& file, bool keep_alive) {
  const FilePlan& plan = exchange.file_plan;
  const Response& response = exchange.response;
  const auto length = response.status == 304 ? std::nullopt : std::optional(plan.length);
  const std::string head =
      serialize_head({response.status, length, keep_alive}, response.headers, file.content_type, date_);
  co_await write({head, end_of_head()});
  if (has_no_body(exchange)) co_return;
  PoolGate& pool = gates_.of(exchange.route->run_on);
  std::vector<char> block(static_cast<std::size_t>(std::min<std::int64_t>(plan.length, kFileBlock)));
  for (std::int64_t done = 0; done < plan.length;) {
    const std::span<char> piece(block.data(),
                                static_cast<std::size_t>(std::min(plan.length - done, std::ssize(block))));
    bool is_read = false;
    co_await pool.move_here();
    {
      const log::Scope scope(exchange.log_context);
      try {
        file.content->read(plan.offset + done, piece);
        is_read = true;
      } catch (const std::exception& error) {
        log::warn("http", "a file was cut short", {{"reason", error.what()}});
      }
    }
    co_await pool.move_back();
    if (!is_read) {
      ends_with_answer_ = true;
      co_return;
    }
    co_await write({std::string_view(piece.data(), piece.size())});
    done += std::ssize(piece);
  }
}

Task<void> Connection::write_events(Exchange& exchange, const EventStream& events) {
  ends_with_answer_ = true;
  const Response& response = exchange.response;
  const std::string head =
      serialize_head({response.status, std::nullopt, false}, response.headers, response.content_type, date_);
  co_await write({head, end_of_head()});
  if (has_no_body(exchange)) co_return;
  auto written = Clock::now();
  while (!is_finishing_ && !is_client_gone()) {
    std::optional<std::string> text;
    co_await pool_.move_here();
    {
      const log::Scope scope(exchange.log_context);
      try {
        text = events.next();
      } catch (const std::exception& error) {
        log::warn("http", "a stream of events ended", {{"reason", error.what()}});
      }
    }
    co_await pool_.move_back();
    if (!text) co_return;
    if (text->empty() && Clock::now() - written > kHeartbeat) text = ":\n\n";  // a comment
    if (!text->empty()) {
      co_await write({*text});
      written = Clock::now();
    }
    event_timer_.expires_after(events.interval);
    co_await event_timer_.async_wait(kAwaitResult);
  }
}

Task<void> Connection::write(Pieces pieces) {
  std::array<asio::const_buffer, std::tuple_size_v<Pieces>> buffers;
  std::ranges::transform(pieces, buffers.begin(),
                         [](std::string_view piece) { return asio::buffer(piece.data(), piece.size()); });
  const auto at_minimum_rate = std::chrono::seconds(static_cast<std::int64_t>(asio::buffer_size(buffers)) /
                                                    shared_.options.minimum_bytes_per_second);
  expect_within(std::max<std::chrono::milliseconds>(shared_.options.rate_window, at_minimum_rate));
  co_await asio::async_write(socket_, buffers, kAwait);
  expect_nothing();
}

}  // namespace inpaint::http
