#pragma once

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/authenticator.h"
#include "http/exchange.h"
#include "http/network.h"
#include "http/pools.h"
#include "http/response_head.h"

namespace inpaint::http {

class Upload;

// One client's connection: a coroutine that answers its requests one after the other. It lives on one
// network thread, and every member function is called there.
class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(Socket socket, Shared& shared, Gates& gates, Authenticator& authenticator, DateHeader& date);

  // Until the client or the server has had enough. Does not throw.
  Task<void> run();
  // Answers what the client is about to ask with `reason`. Does not throw.
  Task<void> refuse(Error reason);

  // Ends what takes too long.
  void check_deadline(Clock::time_point now);
  // The server stops: what is idle or a stream of events ends now, a request under way is answered first.
  void finish_up();
  void cut_off();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
  using Pieces = std::array<std::string_view, 3>;  // that go out as one; unused ones are empty

  // False when no further request is to come.
  Task<bool> serve_one();
  Task<bool> read_head(Parser& parser);
  Exchange begin_exchange(const Parser& parser) const;
  Task<void> make_response(Parser& parser, Exchange& exchange);
  Task<void> handle(Exchange& exchange);

  Task<bool> read_body(Parser& parser, Exchange& exchange);
  Task<void> read_json(Parser& parser, Exchange& exchange);
  Task<void> read_upload(Parser& parser, Exchange& exchange);
  Task<void> receive(Parser& parser, Upload& upload);
  // The next bytes of the body, into `block`; 0 at its end. Throws Error.
  Task<std::size_t> read_block(Parser& parser, std::span<char> block);
  // Reads the rest of a body that nobody wanted: true if the connection can go on.
  Task<bool> drain(Parser& parser);
  Task<void> linger();

  Task<void> write_response(Exchange& exchange, bool keep_alive);
  Task<void> write_file(Exchange& exchange, const FileBody& file, bool keep_alive);
  Task<void> write_events(Exchange& exchange, const EventStream& events);
  Task<void> write(Pieces pieces);
  void observe(Exchange& exchange) const;

  void expect_within(std::chrono::milliseconds time) { deadline_ = Clock::now() + time; }
  void expect_nothing() { deadline_ = Clock::time_point::max(); }
  bool is_client_gone();

  Socket socket_;
  Shared& shared_;
  Gates& gates_;
  PoolGate& pool_;  // of gates_: for what is short
  Authenticator& authenticator_;
  DateHeader& date_;
  Timer event_timer_;
  boost::beast::flat_buffer buffer_;  // read, but not yet parsed
  // The request under way. Here, because coroutine frames that are small are kept for the next one.
  std::optional<Parser> parser_;
  std::optional<Exchange> exchange_;
  std::string remote_address_;
  Clock::time_point deadline_ = Clock::time_point::max();
  bool is_late_ = false;
  bool is_idle_ = true;  // between two requests
  bool is_finishing_ = false;
  bool ends_with_answer_ = false;  // a stream, or a file that could not be read to its end
};

}  // namespace inpaint::http
