#include <gtest/gtest.h>

#include <latch>
#include <semaphore>

#include "unit/http/server_test.h"

namespace inpaint::http {
namespace {

using namespace std::chrono_literals;
using test::Answer;
using test::Client;
using test::code;
using test::text;

constexpr auto kGetHello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

class ConnectionTest : public test::ServerTest {
 protected:
  // A route whose handler waits until the test lets it go on.
  void add_held_route() {
    router_.add({Method::kGet, "/held", [this](const Request&) {
                   ++begun_;
                   go_on_.acquire();
                   return json_response(200, {});
                 }});
  }
  std::atomic<int> begun_ = 0;
  std::counting_semaphore<> go_on_{0};
};

TEST_F(ConnectionTest, AnswersManyRequestsOnOneConnection) {
  start();
  Client client(port_);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(client.ask("GET /hello HTTP/1.1").body, R"({"success":true,"hello":"world"})");
  }
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(ConnectionTest, AnswersPipelinedRequestsInOrder) {
  start();
  Client client(port_);
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    requests += "GET /echo/" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    requests +=
        "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  }
  std::thread sender([&] { client.send(requests); });
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(text(client.receive(), "text"), std::to_string(i));
    EXPECT_EQ(client.receive().status, 201);
  }
  sender.join();
}

TEST_F(ConnectionTest, SlowRoutesLeaveTheThreadsOfOthersAlone) {
  options_.blocking_threads = 1;
  options_.slow_threads = 1;
  options_.slow_queue_limit = 1;
  router_.add({Method::kGet, "/slow",
               [this](const Request&) {
                 ++begun_;
                 go_on_.acquire();
                 return json_response(200, {});
               },
               Access::kPublic, Body::kNone, RunOn::kSlowPool});
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(port_));
    clients.back()->send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return begun_ == 1; }));
  }
  EXPECT_EQ(Client(port_).ask("GET /hello HTTP/1.1").status, 200);  // while the slow pool is full
  go_on_.release(2);
  int refused = 0;
  for (const auto& client : clients) {
    const Answer answer = client->receive();
    if (answer.status == 200) continue;
    EXPECT_EQ(code(answer), "OVERLOADED");
    EXPECT_EQ(answer.header("Retry-After"), "2");
    ++refused;
  }
  EXPECT_EQ(refused, 1);
}

TEST_F(ConnectionTest, TwoHostsAreMalformed) {
  start();
  for (const char* version : {"1.0", "1.1"}) {
    Client client(port_);
    client.send(std::string("GET /hello HTTP/") + version + "\r\nHost: a\r\nHost: a\r\n\r\n");
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(code(answer), "MALFORMED_REQUEST");
  }
}

TEST_F(ConnectionTest, ReadsARequestThatComesByteByByte) {
  start();
  Client client(port_);
  const std::string request =
      "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n";
  for (const char c : request) client.send(std::string_view(&c, 1));
  EXPECT_EQ(client.receive().body, R"({"success":true,"got":{"a":1}})");
}

TEST_F(ConnectionTest, SpeaksHttp10) {
  start();
  Client closing(port_);
  closing.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(closing.receive().status, 200);
  EXPECT_EQ(closing.receive_until_closed(5s), "");
  Client staying(port_);
  staying.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(staying.receive().header("Connection"), "keep-alive");
  EXPECT_EQ(staying.ask("GET /hello HTTP/1.1\r\nConnection: close").header("Connection"), "close");
  EXPECT_EQ(staying.receive_until_closed(5s), "");
}

TEST_F(ConnectionTest, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  Client client(port_);
  EXPECT_EQ(client.ask("HEAD /hello HTTP/1.1").header("Content-Length"), "32");
  EXPECT_EQ(client.ask("GET /hello HTTP/1.1").body.size(), 32U);
}

TEST_F(ConnectionTest, ContinuesWhenTheClientWaitsForIt) {
  start();
  Client client(port_);
  const std::string head =
      "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-Continue\r\n";
  client.send(head + "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100);
  client.send("{}");
  EXPECT_EQ(client.receive().status, 201);
  client.send(head + "Content-Length: 99999999\r\n\r\n");
  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(ConnectionTest, ABodyThatNobodyWantsDoesNotDisturbTheNextRequest) {
  start();
  Client client(port_);
  EXPECT_EQ(client.ask("GET /hello HTTP/1.1", "POST /evil HTTP/1.1\r\n\r\n").status, 200);
  EXPECT_EQ(client.ask("POST /nothing HTTP/1.1", std::string(60'000, 'x')).status, 404);
  EXPECT_EQ(client.ask("GET /hello HTTP/1.1").status, 200);
}

TEST_F(ConnectionTest, ARefusedLargeBodyStillGetsItsAnswer) {
  start();
  Client client(port_);
  const std::string body(8'000'000, 'x');
  EXPECT_EQ(client.ask("POST /nothing HTTP/1.1", body).status, 404);
}

TEST_F(ConnectionTest, AClientThatSendsAByteNowAndThenIsCutOff) {
  options_.header_timeout = 300ms;
  start();
  Client client(port_);
  const auto began = std::chrono::steady_clock::now();
  for (const char c : std::string_view(kGetHello)) {
    if (!client.send(std::string_view(&c, 1)) || std::chrono::steady_clock::now() - began > 900ms) break;
    std::this_thread::sleep_for(50ms);
  }
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_EQ(answer.header("X-Request-Id").size(), 36U);
  EXPECT_TRUE(client.receive_until_closed(5s));
}

TEST_F(ConnectionTest, ABodyThatDripsIsCutOff) {
  options_.rate_window = 300ms;
  start();
  Client client(port_);
  client.send(
      "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n");
  for (int i = 0; i < 12; ++i) {
    client.send(" ");
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(client.receive().status, 408);
}

TEST_F(ConnectionTest, AClientThatDoesNotReadIsCutOff) {
  options_.rate_window = 300ms;
  options_.minimum_bytes_per_second = 1 << 30;
  router_.add({Method::kGet, "/large", [](const Request&) {
                 Response response;
                 response.body = std::string(64 << 20, 'x');
                 return response;
               }});
  start();
  Client client(port_);
  client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return server_->connections() == 1; }));
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(ConnectionTest, trap_F10_idle_connections_are_closed) {
  options_.idle_timeout = 300ms;
  start();
  Client fresh(port_);
  Client used(port_);
  EXPECT_EQ(used.ask("GET /hello HTTP/1.1").status, 200);
  EXPECT_EQ(fresh.receive_until_closed(3s), "");
  EXPECT_EQ(used.receive_until_closed(3s), "");
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(ConnectionTest, HasALimitOfConnections) {
  options_.connection_limit = 2;
  start();
  auto first = std::make_unique<Client>(port_);
  Client second(port_);
  EXPECT_EQ(first->ask("GET /hello HTTP/1.1").status, 200);
  EXPECT_EQ(second.ask("GET /hello HTTP/1.1").status, 200);
  const test::Answer answer = Client(port_).ask("GET /hello HTTP/1.1");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(test::code(answer), "OVERLOADED");
  EXPECT_NE(answer.header("Retry-After"), "");
  first.reset();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 1; }));
  EXPECT_EQ(Client(port_).ask("GET /hello HTTP/1.1").status, 200);
}

TEST_F(ConnectionTest, HasALimitOfConnectionsFromOneAddress) {
  options_.connections_per_address = 2;
  start();
  auto first = std::make_unique<Client>(port_);
  Client second(port_);
  EXPECT_EQ(first->ask("GET /hello HTTP/1.1").status, 200);
  EXPECT_EQ(second.ask("GET /hello HTTP/1.1").status, 200);
  const test::Answer answer = Client(port_).ask("GET /hello HTTP/1.1");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(test::code(answer), "TOO_MANY_CONNECTIONS");
  EXPECT_NE(answer.header("X-Request-Id"), "");
  first.reset();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 1; }));
  EXPECT_EQ(Client(port_).ask("GET /hello HTTP/1.1").status, 200);
}

TEST_F(ConnectionTest, TheConnectionsOfATrustedProxyAreNotOneClients) {
  options_.connections_per_address = 1;
  options_.trusted_proxies = 1;
  start();
  Client first(port_);
  EXPECT_EQ(first.ask("GET /hello HTTP/1.1").status, 200);
  EXPECT_EQ(Client(port_).ask("GET /hello HTTP/1.1").status, 200);
}

TEST_F(ConnectionTest, WhoIsTurnedAwayTakesNobodysPlace) {
  options_.connection_limit = 1;
  start();
  auto only = std::make_unique<Client>(port_);
  EXPECT_EQ(only->ask("GET /hello HTTP/1.1").status, 200);
  std::vector<std::unique_ptr<Client>> turned_away;
  for (int i = 0; i < 300; ++i) turned_away.push_back(std::make_unique<Client>(port_));
  EXPECT_EQ(turned_away.back()->receive_until_closed(5s), "") << "the last one is not even told";
  EXPECT_LE(server_->connections(), 1U + 256U);
  only.reset();
  const auto is_served = [&] {
    try {
      return Client(port_).ask("GET /hello HTTP/1.1").status == 200;
    } catch (const std::exception&) {
      return false;  // the place is not free yet, and too many are being told so
    }
  };
  EXPECT_TRUE(eventually(is_served));
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; })) << "they are closed in the end";
}

TEST_F(ConnectionTest, AnswersWith503WhenThePoolIsFull) {
  std::atomic<int> refused = 0;
  options_.blocking_threads = 1;
  options_.blocking_queue_limit = 1;
  options_.observe = [&](const RequestObservation& request) { refused += request.status == 503 ? 1 : 0; };
  add_held_route();
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<Client>(port_));
    clients.back()->send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  EXPECT_TRUE(eventually([&] { return refused == 3; })) << "one runs, one waits";
  EXPECT_EQ(Client(port_).ask("GET /quick HTTP/1.1").status, 200) << "the network thread must not wait";
  go_on_.release(2);
  int served = 0;
  for (const auto& client : clients) {
    const Answer answer = client->receive();
    if (answer.status == 200) {
      ++served;
    } else {
      EXPECT_EQ(code(answer), "OVERLOADED");
      EXPECT_NE(answer.header("Retry-After"), "");
    }
  }
  EXPECT_EQ(served, 2);
  EXPECT_EQ(Client(port_).ask("GET /hello HTTP/1.1").status, 200);
  server_.reset();  // which observes its last answer after it was given
}

TEST_F(ConnectionTest, StopFinishesWhatIsUnderWayAndClosesTheRest) {
  add_held_route();
  start();
  Client idle(port_);
  Client busy(port_);
  busy.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return begun_ == 1 && server_->connections() == 2; }));
  std::thread stopper([&] { server_->stop(5s); });
  EXPECT_EQ(idle.receive_until_closed(3s), "");
  EXPECT_THROW(Client(port_).ask("GET /hello HTTP/1.1"), std::runtime_error);
  go_on_.release();
  const Answer answer = busy.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Connection"), "close");
  stopper.join();
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(ConnectionTest, StopDoesNotWaitLongerThanItsGrace) {
  start();
  Client slow(port_);
  slow.send("POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return server_->connections() == 1; }));
  const auto began = std::chrono::steady_clock::now();
  server_->stop(200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
}

// The deadlines are looked at every 250 ms: that one is being looked at must not keep the server from ending.
TEST_F(ConnectionTest, StopEndsAlsoWhileDeadlinesAreLookedAt) {
  options_.blocking_threads = options_.slow_threads = options_.upload_threads = options_.file_threads = 1;
  constexpr int kServers = 40;
  for (int round = 0; round < 8; ++round) {
    std::vector<std::pair<std::chrono::steady_clock::time_point, std::unique_ptr<Server>>> servers;
    for (int i = 0; i < kServers; ++i) {
      servers.emplace_back(std::chrono::steady_clock::now(),
                           std::make_unique<Server>(options_, Router(), Authentication{}));
      servers.back().second->start();
    }
    std::vector<std::jthread> stops;
    for (auto& [begun, server] : servers) {
      stops.emplace_back([&begun = begun, &server = *server] {
        std::this_thread::sleep_until(begun + 250ms);
        server.stop(0ms);
      });
    }
  }
}

TEST_F(ConnectionTest, APortInUseIsToldInASentence) {
  start();
  options_.port = port_;
  Server second(options_, Router(), Authentication{});
  try {
    second.start();
    FAIL() << "two servers on one port";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnavailable);
    EXPECT_NE(std::string(error.what()).find(std::to_string(port_)), std::string::npos);
  }
}

TEST_F(ConnectionTest, SeveralNetworkThreadsServeManyClients) {
  options_.network_threads = 2;
  start();
  std::atomic<int> answered = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&, i] {
      Client client(port_);
      for (int j = 0; j < 50; ++j) {
        const char* path = (i + j) % 2 == 0 ? "GET /quick HTTP/1.1" : "GET /hello HTTP/1.1";
        if (client.ask(path).status == 200) ++answered;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 16 * 50);
}

}  // namespace
}  // namespace inpaint::http
