#include <gtest/gtest.h>

#include "unit/http/server_test.h"

namespace inpaint::http {
namespace {

using namespace std::chrono_literals;
using test::Client;

class EventStreamTest : public test::ServerTest {
 protected:
  // Sends what `next` gives, every 5 ms.
  void add_events(std::function<std::optional<std::string>()> next) {
    router_.add({Method::kGet, "/events", [next](const Request&) {
                   Response response;
                   response.content_type = "text/event-stream";
                   response.body = EventStream{next, 5ms};
                   return response;
                 }});
  }
};

constexpr auto kGetEvents = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(EventStreamTest, SendsEventsAsTheyComeAndClosesAtTheEnd) {
  add_events([count = 0]() mutable -> std::optional<std::string> {
    ++count;
    if (count == 2) return "";
    if (count == 4) return std::nullopt;
    return "data: " + std::to_string(count) + "\n\n";
  });
  start();
  Client client(port_);
  client.send(kGetEvents);
  const std::string answer = client.receive_until_closed(5s).value_or("");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(answer.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Cache-Control: no-store\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\ndata: 1\n\ndata: 3\n\n"));
}

TEST_F(EventStreamTest, ManyStreamsHoldNoThreadBetweenEvents) {
  options_.blocking_threads = 1;
  options_.blocking_queue_limit = 1;
  add_events([] { return "data: x\n\n"; });
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<Client>(port_));
    clients.back()->send(kGetEvents);
    clients.back()->receive_until("data: x");
  }
  EXPECT_EQ(Client(port_).ask("GET /hello HTTP/1.1").status, 200);
}

TEST_F(EventStreamTest, HasALimitForOneAddress) {
  options_.streams_per_address = 2;
  options_.trusted_proxies = 1;
  add_events([] { return "data: x\n\n"; });
  start();
  const std::string head = "GET /events HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ";
  const auto open = [&](const std::string& address) {
    auto client = std::make_unique<Client>(port_);
    client->send(head + address + "\r\n\r\n");
    client->receive_until("data: x");
    return client;
  };
  auto first = open("7.7.7.7");
  const auto second = open("7.7.7.7");
  const auto of_another = open("8.8.8.8");
  Client third(port_);
  third.send(head + "7.7.7.7\r\n\r\n");
  const test::Answer answer = third.receive();
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(test::code(answer), "TOO_MANY_STREAMS");
  third.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(third.receive().status, 200) << "the connection goes on";
  first.reset();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 3; }));
  open("7.7.7.7");
}

TEST_F(EventStreamTest, EndsWhenTheClientLeaves) {
  std::atomic<int> calls = 0;
  add_events([&]() -> std::optional<std::string> {
    ++calls;
    return "";
  });
  start();
  Client client(port_);
  client.send(kGetEvents);
  EXPECT_TRUE(eventually([&] { return calls > 3; }));
  client.close();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
  const int calls_until_now = calls;
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(calls, calls_until_now);
}

TEST_F(EventStreamTest, EndsWhenTheServerStopsWithoutUsingItsGrace) {
  add_events([] { return ""; });
  start();
  Client client(port_);
  client.send(kGetEvents);
  client.receive_until("\r\n\r\n");
  const auto began = std::chrono::steady_clock::now();
  server_->stop(10s);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
  EXPECT_TRUE(client.receive_until_closed(3s));
}

TEST_F(EventStreamTest, AFailureEndsTheStreamAndNothingElse) {
  add_events([]() -> std::optional<std::string> { throw std::runtime_error("no database"); });
  start();
  Client client(port_);
  client.send(kGetEvents);
  EXPECT_TRUE(client.receive_until_closed(5s).value_or("").ends_with("\r\n\r\n"));
  EXPECT_EQ(Client(port_).ask("GET /hello HTTP/1.1").status, 200);
}

}  // namespace
}  // namespace inpaint::http
