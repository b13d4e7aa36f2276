#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace inpaint::http::test {

struct Answer {
  int status = 0;
  Headers headers;
  std::string body;

  std::string header(std::string_view name) const { return std::string(headers.find(name).value_or("")); }
};

// A connection to a server on this machine that sends exactly the bytes it is told to.
class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // False when the server does not take the bytes any more.
  bool send(std::string_view bytes);
  // What comes next; `with_body` is false for answers to HEAD. Throws when the connection ends or nothing
  // comes for 10 s.
  Answer receive(bool with_body = true);
  // The same in one step, with "Host" and an empty line added to `head`.
  Answer ask(const std::string& head, const std::string& body = "");
  // Everything until the server closes; nothing if it does not within `time`.
  std::optional<std::string> receive_until_closed(std::chrono::milliseconds time);
  // What has come until `text` was in it.
  std::string receive_until(std::string_view text);
  void close();

 private:
  // False at the end of the connection.
  bool read_more(std::chrono::milliseconds time);

  int socket_;
  std::string received_;
};

}  // namespace inpaint::http::test
