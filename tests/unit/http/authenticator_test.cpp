#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <semaphore>

#include "unit/http/server_test.h"

namespace inpaint::http {
namespace {

using namespace std::chrono_literals;
using test::Answer;
using test::Client;
using test::code;
using test::text;

// A server that is told who is calling when the test lets it be told.
class AuthenticatorTest : public test::ServerTest {
 protected:
  AuthenticatorTest() {
    authenticate_ = [this](std::span<Caller> callers) {
      {
        const std::scoped_lock lock(mutex_);
        sizes_.push_back(callers.size());
      }
      believe(callers);
      begun_.release();
      go_on_.acquire();
      if (is_broken_) throw Error(ErrorKind::kUnavailable, "DATABASE_UNAVAILABLE", "Try again.");
    };
  }

  ~AuthenticatorTest() override {
    go_on_.release(1000);
    server_.reset();  // before what its threads use
  }

  void send(const std::string& name) {
    const auto client = clients_.try_emplace(name, port_).first;
    client->second.send("GET /me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + name + "\r\n\r\n");
  }
  Answer answer_to(const std::string& name) { return clients_.at(name).receive(); }

  // Of the questions so far, about how many each was.
  std::vector<std::size_t> sizes() {
    const std::scoped_lock lock(mutex_);
    return sizes_;
  }
  // Until the next question is there.
  bool is_asked() { return begun_.try_acquire_for(10s); }
  // As many questions as there are at a time, about one caller each: who comes now must wait.
  void keep_busy() {
    for (const char* name : {"first", "second"}) {
      send(name);
      ASSERT_TRUE(is_asked());
    }
  }
  // Until all that was sent has been read: the network thread reads in order.
  void wait_until_read() { EXPECT_EQ(Client(port_).ask("GET /quick HTTP/1.1").status, 200); }

  // So many users come while others are asked about, and each is answered as himself.
  void expect_answers_to_all_who_wait(int users) {
    std::vector<std::string> names;
    for (int i = 0; i < users; ++i) send(names.emplace_back("user" + std::to_string(i)));
    wait_until_read();
    go_on_.release(1000);
    for (const std::string& name : names) EXPECT_EQ(text(answer_to(name), "name"), name);
  }

  std::map<std::string, Client> clients_;
  std::mutex mutex_;
  std::vector<std::size_t> sizes_;  // of the questions
  std::counting_semaphore<> begun_{0};
  std::counting_semaphore<> go_on_{0};
  std::atomic<bool> is_broken_ = false;
};

TEST_F(AuthenticatorTest, asks_one_question_about_all_who_wait) {
  start();
  keep_busy();
  expect_answers_to_all_who_wait(10);
  for (const char* name : {"first", "second"}) EXPECT_EQ(text(answer_to(name), "name"), name);
  EXPECT_EQ(sizes(), (std::vector<std::size_t>{1, 1, 10}));
}

TEST_F(AuthenticatorTest, a_question_is_about_a_limited_number) {
  start();
  keep_busy();
  expect_answers_to_all_who_wait(100);
  const std::vector<std::size_t> asked = sizes();
  EXPECT_LE(*std::ranges::max_element(asked), 16U);
  EXPECT_LE(asked.size(), 10U);
}

TEST_F(AuthenticatorTest, who_comes_during_a_question_is_not_answered_by_it) {
  options_.blocking_threads = 1;
  start();
  send("first");
  ASSERT_TRUE(is_asked());
  send("second");
  wait_until_read();
  EXPECT_EQ(sizes().size(), 1U);
  go_on_.release();
  ASSERT_TRUE(is_asked());
  go_on_.release();
  for (const char* name : {"first", "second"}) EXPECT_EQ(text(answer_to(name), "name"), name);
  EXPECT_EQ(sizes().size(), 2U);
}

TEST_F(AuthenticatorTest, nobody_is_forgotten_and_nobody_taken_for_another) {
  authenticate_ = believe;
  options_.network_threads = 2;
  start();
  std::vector<std::thread> callers;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, name = "user" + std::to_string(i)] {
      Client client(port_);
      for (int request = 0; request < 300; ++request) {
        right += text(client.ask("GET /me HTTP/1.1\r\nAuthorization: Bearer " + name), "name") == name;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right, 8 * 300);
}

TEST_F(AuthenticatorTest, questions_that_hang_do_not_hold_up_who_comes_later) {
  start();
  keep_busy();
  std::this_thread::sleep_for(1200ms);
  send("later");
  EXPECT_TRUE(is_asked());
  go_on_.release(1000);
  for (const char* name : {"first", "second", "later"}) EXPECT_EQ(text(answer_to(name), "name"), name);
}

TEST_F(AuthenticatorTest, a_refusal_is_for_one_caller) {
  start();
  keep_busy();
  for (const char* name : {"ada", "", "bob"}) send(name);
  clients_.try_emplace("nobody", port_).first->second.send("GET /me HTTP/1.1\r\nHost: a\r\n\r\n");
  wait_until_read();
  go_on_.release(1000);
  EXPECT_EQ(text(answer_to("ada"), "name"), "ada");
  EXPECT_EQ(answer_to("nobody").status, 401);
  EXPECT_EQ(text(answer_to("bob"), "name"), "bob");
}

TEST_F(AuthenticatorTest, a_failure_is_for_all_of_a_question_and_the_next_goes_on) {
  start();
  keep_busy();
  for (const char* name : {"ada", "bob", "cleo"}) send(name);
  wait_until_read();
  is_broken_ = true;
  go_on_.release(3);
  for (const char* name : {"ada", "bob", "cleo", "first", "second"}) {
    const Answer answer = answer_to(name);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(code(answer), "DATABASE_UNAVAILABLE");
  }
  is_broken_ = false;
  go_on_.release(1000);
  send("ada");
  EXPECT_EQ(text(answer_to("ada"), "name"), "ada");
}

TEST_F(AuthenticatorTest, refuses_more_who_wait_than_the_pool_takes) {
  options_.blocking_threads = 2;
  options_.blocking_queue_limit = 3;
  start();
  keep_busy();
  for (const char* name : {"ada", "bob", "cleo"}) send(name);
  wait_until_read();
  send("one too many");
  EXPECT_EQ(code(answer_to("one too many")), "OVERLOADED");
  go_on_.release(1000);
  for (const char* name : {"ada", "bob", "cleo"}) EXPECT_EQ(answer_to(name).status, 200);
}

TEST_F(AuthenticatorTest, answers_who_waits_before_it_stops) {
  start();
  keep_busy();
  send("ada");
  wait_until_read();
  std::thread release([&] {
    std::this_thread::sleep_for(100ms);
    go_on_.release(1000);
  });
  server_->stop(10s);
  release.join();
  EXPECT_EQ(answer_to("ada").status, 200);
}

TEST_F(AuthenticatorTest, a_handler_that_never_blocks_runs_where_the_network_is) {
  std::thread::id handled_on;
  std::thread::id quick_on;
  router_.add({Method::kGet, "/mine",
               [&](const Request& r) {
                 handled_on = std::this_thread::get_id();
                 return json_response(200, {{"name", r.user->name}});
               },
               Access::kUser, Body::kNone, RunOn::kNetworkThread});
  router_.add({Method::kGet, "/here",
               [&](const Request&) {
                 quick_on = std::this_thread::get_id();
                 return json_response(200, {});
               },
               Access::kPublic, Body::kNone, RunOn::kNetworkThread});
  authenticate_ = believe;
  start();
  Client client(port_);
  EXPECT_EQ(client.ask("GET /mine HTTP/1.1").status, 401);
  EXPECT_EQ(text(client.ask("GET /mine HTTP/1.1\r\nAuthorization: Bearer ada"), "name"), "ada");
  EXPECT_EQ(client.ask("GET /here HTTP/1.1").status, 200);
  EXPECT_EQ(handled_on, quick_on);
}

}  // namespace
}  // namespace inpaint::http
