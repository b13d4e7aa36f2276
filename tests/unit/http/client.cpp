#include "unit/http/client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace inpaint::http::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

struct TimedOut : std::runtime_error {
  TimedOut() : std::runtime_error("the server sent nothing in time") {}
};

}  // namespace

Client::Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error("cannot connect");
  }
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

Answer Client::receive(bool with_body) {
  const auto more = [&] {
    if (!read_more(kPatience)) throw std::runtime_error("the connection ended before the answer");
  };
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) more();
  Answer answer;
  answer.status = std::stoi(received_.substr(9, 3));
  std::size_t line = received_.find("\r\n") + 2;
  while (line < end + 2) {
    const std::size_t line_end = received_.find("\r\n", line);
    const std::size_t colon = received_.find(": ", line);
    answer.headers.add(received_.substr(line, colon - line),
                       received_.substr(colon + 2, line_end - colon - 2));
    line = line_end + 2;
  }
  received_.erase(0, end + 4);
  if (!with_body || answer.status == 304 || answer.status == 204 || answer.status == 100) return answer;
  const std::size_t length = std::stoul(answer.header("Content-Length"));
  while (received_.size() < length) more();
  answer.body = received_.substr(0, length);
  received_.erase(0, length);
  return answer;
}

Answer Client::ask(const std::string& head, const std::string& body) {
  std::string request = head + "\r\nHost: test\r\n";
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  send(request + "\r\n" + body);
  return receive(!head.starts_with("HEAD"));
}

std::optional<std::string> Client::receive_until_closed(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  try {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (!read_more(std::max(left, std::chrono::milliseconds(0)))) return std::exchange(received_, "");
    }
  } catch (const TimedOut&) {
    return std::nullopt;
  }
}

std::string Client::receive_until(std::string_view text) {
  while (received_.find(text) == std::string::npos) {
    if (!read_more(kPatience)) throw std::runtime_error("the connection ended before the text");
  }
  return std::exchange(received_, "");
}

void Client::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

bool Client::read_more(std::chrono::milliseconds time) {
  pollfd waiting{socket_, POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(time.count())) == 0) throw TimedOut();
  std::array<char, 65536> bytes{};
  const auto size = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (size > 0) received_.append(bytes.data(), static_cast<std::size_t>(size));
  return size > 0;
}

}  // namespace inpaint::http::test
