#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "unit/http/server_test.h"

namespace inpaint::http {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::code;
using test::text;

// What a server has been asked without blocking, and what it is to be told.
struct Inquiries {
  std::mutex mutex;
  int opened = 0;
  std::vector<std::size_t> sizes;  // of the questions
  std::string answers;     // a letter for each time the socket is readable, the last for all that follow
  bool is_silent = false;  // no answer comes
  std::condition_variable asked;

  // Until so many questions have been put.
  bool wait_for(std::size_t questions) {
    std::unique_lock lock(mutex);
    return asked.wait_for(lock, 5s, [&] { return sizes.size() >= questions; });
  }
};

// y: all callers are who they say; m: there is more to come; f: it fails.
class FakeInquiry final : public CallerInquiry {
 public:
  FakeInquiry(Inquiries& inquiries, const std::atomic<bool>& is_refused, Authenticate believe)
      : inquiries_(inquiries), is_refused_(is_refused), believe_(std::move(believe)) {
    EXPECT_EQ(::pipe2(pipe_.data(), O_NONBLOCK), 0);
  }
  ~FakeInquiry() override {
    for (const int end : pipe_) ::close(end);
  }

  bool ask(std::span<Caller> callers) override {
    const std::scoped_lock lock(inquiries_.mutex);
    inquiries_.sizes.push_back(callers.size());
    inquiries_.asked.notify_all();
    if (is_refused_) throw Error(internal("it is refused"));
    if (!callers.front().request.headers.find("Authorization")) {
      believe_(callers);
      return false;
    }
    if (!inquiries_.is_silent) {
      EXPECT_EQ(::write(pipe_[1], "!", 1), 1);
    }
    return true;
  }

  int socket() const override { return pipe_[0]; }

  bool answer(std::span<Caller> callers) override {
    const std::scoped_lock lock(inquiries_.mutex);
    const char what = inquiries_.answers.front();
    if (inquiries_.answers.size() > 1) inquiries_.answers.erase(0, 1);
    if (what == 'm') return false;  // what there is to read stays
    char byte = 0;
    EXPECT_EQ(::read(pipe_[0], &byte, 1), 1);
    if (what == 'f') throw Error(internal("it fails"));
    believe_(callers);
    return true;
  }

 private:
  Inquiries& inquiries_;
  const std::atomic<bool>& is_refused_;
  const Authenticate believe_;
  std::array<int, 2> pipe_{};
};

class InquiryLineTest : public test::ServerTest {
 protected:
  static constexpr int kLines = 2;  // of a network thread

  InquiryLineTest() {
    inquiries_.answers = "y";
    authenticate_ = [this](std::span<Caller> callers) {
      ++blocking_;
      if (callers.front().request.headers.find("Authorization") == "Bearer held") {
        ++holding_;
        while (is_held_) std::this_thread::sleep_for(1ms);
      }
      if (is_broken_) throw Error(ErrorKind::kUnavailable, "DATABASE_UNAVAILABLE", "Try again.");
      believe(callers);
    };
    open_inquiry_ = [this]() -> std::unique_ptr<CallerInquiry> {
      const std::scoped_lock lock(inquiries_.mutex);
      ++inquiries_.opened;
      if (cannot_open_) throw Error(ErrorKind::kUnavailable, "DATABASE_UNAVAILABLE", "Try again.");
      if (has_none_) return nullptr;
      return std::make_unique<FakeInquiry>(inquiries_, is_refused_, believe);
    };
  }
  ~InquiryLineTest() override {
    is_held_ = false;
    server_.reset();  // before what its threads use
  }

  void ask_as(const std::string& name) {
    EXPECT_EQ(text(client().ask("GET /me HTTP/1.1\r\nAuthorization: Bearer " + name), "name"), name);
  }
  Client& client() {
    if (!client_) client_.emplace(port_);
    return *client_;
  }
  void set_answers(const std::string& answers) {
    const std::scoped_lock lock(inquiries_.mutex);
    inquiries_.answers = answers;
  }
  void set_silent(bool is_silent) {
    const std::scoped_lock lock(inquiries_.mutex);
    inquiries_.is_silent = is_silent;
  }
  int opened() {
    const std::scoped_lock lock(inquiries_.mutex);
    return inquiries_.opened;
  }
  std::size_t questions() {
    const std::scoped_lock lock(inquiries_.mutex);
    return inquiries_.sizes.size();
  }
  // All lines of one network thread, for the first time or again after so many openings.
  bool are_all_open(int openings = kLines) {
    return eventually([&] {
             ask_as("ada");
             return opened() == openings;
           }) &&
           is_open();
  }
  // Until a caller is asked about without the pool.
  bool is_open() {
    const std::size_t before = questions();
    return eventually([&] {
      ask_as("ada");
      return questions() > before;
    });
  }

  Inquiries inquiries_;
  std::atomic<int> blocking_ = 0;  // questions on the pool
  std::atomic<bool> is_broken_ = false;
  std::atomic<bool> is_refused_ = false;
  std::atomic<bool> is_held_ = false;  // who is called "held" is on the pool
  std::atomic<int> holding_ = 0;
  std::atomic<bool> cannot_open_ = false;
  std::atomic<bool> has_none_ = false;
  std::optional<Client> client_;
};

TEST_F(InquiryLineTest, is_opened_by_the_first_who_asks_and_used_from_then_on) {
  start();
  EXPECT_EQ(opened(), 0);
  ask_as("ada");
  EXPECT_EQ(blocking_, 1);
  ASSERT_TRUE(is_open());
  const int before = blocking_;
  for (const char* name : {"ada", "bob", "cleo"}) ask_as(name);
  EXPECT_EQ(blocking_, before);
  EXPECT_TRUE(eventually([&] { return opened() == kLines; }));
}

TEST_F(InquiryLineTest, waits_for_all_of_an_answer) {
  start();
  ASSERT_TRUE(is_open());
  const int before = blocking_;
  set_answers("mmmy");
  ask_as("ada");
  {
    const std::scoped_lock lock(inquiries_.mutex);
    EXPECT_EQ(inquiries_.answers, "y");
  }
  EXPECT_EQ(blocking_, before);
}

TEST_F(InquiryLineTest, an_answer_that_is_there_at_once_is_not_waited_for) {
  start();
  ASSERT_TRUE(is_open());
  set_silent(true);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(client().ask("GET /me HTTP/1.1").status, 401);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 900ms);
}

// On the pool at once, though another line is open, which is as bad as the first.
TEST_F(InquiryLineTest, who_gets_no_answer_is_asked_about_on_the_pool) {
  start();
  int expected = 0;
  for (const std::string failure : {"an answer", "a question", "silence"}) {
    SCOPED_TRACE(failure);
    expected += kLines;
    ASSERT_TRUE(are_all_open(expected));
    const int before = blocking_;
    set_answers(failure == "an answer" ? "f" : "y");
    set_silent(failure == "silence");
    is_refused_ = failure == "a question";
    const auto begin = std::chrono::steady_clock::now();
    ask_as("bob");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_EQ(blocking_, before + 1);
    ask_as("cleo");  // by the other line, which fails too
    EXPECT_EQ(blocking_, before + 2);
    set_answers("y");
    set_silent(false);
    is_refused_ = false;
  }
}

// Who asks on the pool for a line that failed may hang there. The other line goes on.
TEST_F(InquiryLineTest, one_that_fails_does_not_hold_up_the_other) {
  start();
  ASSERT_TRUE(are_all_open());
  is_held_ = true;
  set_answers("fy");
  Client first(port_);
  first.send("GET /me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer held\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return holding_ == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  ask_as("bob");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 500ms);
  is_held_ = false;
  EXPECT_EQ(first.receive().status, 200);
}

TEST_F(InquiryLineTest, who_waits_for_lines_that_hang_does_not_wait_for_their_callers) {
  start();
  ASSERT_TRUE(are_all_open());
  is_held_ = true;
  set_silent(true);
  const std::size_t before = questions();
  std::array<Client, 2> held{Client(port_), Client(port_)};
  for (std::size_t i = 0; i < held.size(); ++i) {
    held[i].send("GET /me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer held\r\n\r\n");
    ASSERT_TRUE(inquiries_.wait_for(before + i + 1));
  }
  const auto begin = std::chrono::steady_clock::now();
  ask_as("bob");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_TRUE(eventually([&] { return holding_ == 2; }));
  is_held_ = false;
  for (Client& one : held) EXPECT_EQ(one.receive().status, 200);
}

TEST_F(InquiryLineTest, one_that_cannot_be_opened_is_tried_again_after_a_moment) {
  cannot_open_ = true;
  start();
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < begin + 500ms) ask_as("ada");
  EXPECT_EQ(opened(), kLines);
  cannot_open_ = false;
  EXPECT_TRUE(is_open());
}

TEST_F(InquiryLineTest, where_there_is_none_it_is_looked_for_once) {
  has_none_ = true;
  start();
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < begin + 1500ms) ask_as("ada");
  EXPECT_EQ(opened(), kLines);
}

TEST_F(InquiryLineTest, is_not_opened_while_nothing_answers) {
  is_broken_ = true;
  start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code(client().ask("GET /me HTTP/1.1")), "DATABASE_UNAVAILABLE");
  EXPECT_EQ(opened(), 0);
}

TEST_F(InquiryLineTest, is_not_opened_for_strangers) {
  start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client().ask("GET /me HTTP/1.1").status, 401);
  EXPECT_EQ(opened(), 0) << "nobody knows whether the database is there";
}

TEST_F(InquiryLineTest, nobody_is_forgotten_and_nobody_taken_for_another_though_lines_fail) {
  options_.network_threads = 2;
  start();
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  const auto end = std::chrono::steady_clock::now() + 4s;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, name = "user" + std::to_string(i)] {
      Client own(port_);
      while (std::chrono::steady_clock::now() < end) {
        wrong += text(own.ask("GET /me HTTP/1.1\r\nAuthorization: Bearer " + name), "name") != name;
      }
    });
  }
  while (std::chrono::steady_clock::now() < end) {
    set_answers("yymfymy");
    std::this_thread::sleep_for(100ms);
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(opened(), 2 * 2 * kLines) << "lines have failed and were opened again";
}

TEST_F(InquiryLineTest, answers_who_waits_before_it_stops) {
  start();
  ASSERT_TRUE(is_open());
  const std::size_t before = questions();
  set_silent(true);
  client().send("GET /me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ada\r\n\r\n");
  ASSERT_TRUE(inquiries_.wait_for(before + 1));
  server_->stop(10s);
  EXPECT_EQ(client().receive().status, 200);
}

}  // namespace
}  // namespace inpaint::http
