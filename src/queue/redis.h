#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queue/queue.h"

struct redisContext;

// Redis as far as the queue needs it: commands, answers as values, pipelines, and connections that are made
// anew after they broke. Every failure is an Error of kind kUnavailable; what Redis said is in the log.
namespace inpaint::queue::redis {

using Command = std::vector<std::string>;

struct Reply {
  enum class Kind { kNothing, kNumber, kText, kList, kRefusal };
  Kind kind = Kind::kNothing;
  std::int64_t number = 0;
  std::string text;  // of a refusal: why
  std::vector<Reply> list;
};

// A Lua script for many calls (many_calls.lua), each of which does one thing to `key_count` keys.
struct Script {
  std::size_t key_count;
  std::string_view sha1;  // of the text, in hexadecimal: how Redis knows it after the first time
  std::string_view text;
};

// Texts one after the other in one piece of memory: a call has a few dozen short ones.
class Words {
 public:
  Words() = default;
  Words(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) add(word);
  }

  void add(std::string_view word) { add({}, word); }
  void add(std::string_view head, std::string_view tail) {  // as one word
    bytes_.append(head).append(tail);
    ends_.push_back(bytes_.size());
  }
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

// A script with its keys and arguments.
struct Call {
  const Script* script;
  Words keys;
  Words arguments;
};

// One connection, for one thread at a time. After a failure it is of no use any more.
class Connection {
 public:
  // `name`: what CLIENT LIST shows for it, or nothing.
  Connection(const Redis& server, const std::string& name);

  // Commands travel together: all are sent when the first answer is read, waiting at most `wait` longer than
  // usual for each. A refusal among the answers is left to the caller.
  void append(std::span<const std::string_view> words);
  void append(const Command& command) {
    append(std::vector<std::string_view>(command.begin(), command.end()));
  }
  std::vector<Reply> receive(std::size_t count,
                             std::chrono::milliseconds wait = std::chrono::milliseconds(0));
  Reply send(const Command& command, std::chrono::milliseconds wait = std::chrono::milliseconds(0));

 private:
  struct Close {
    void operator()(redisContext* context) const;
  };

  void log_in(const Redis& server);
  void limit_time(std::chrono::milliseconds limit);
  [[noreturn]] void fail() const;

  std::unique_ptr<redisContext, Close> context_;
  std::chrono::milliseconds limit_{0};
};

// Connections for commands that are answered at once, shared by all threads: what several ask at the same
// time travels together, and up to 32 of their calls of the same script are one command. There are several so
// that Redis has work while the answers of one are read. Whoever asks while others are under way waits up to
// 5 ms for as many more as they are. After a failure the next command makes a connection anew.
class SharedConnections {
 public:
  SharedConnections(Redis server, std::size_t count) : server_(std::move(server)), idle_(count) {}

  std::vector<Reply> send(const std::vector<Command>& commands) { return ask({commands, {}}); }
  // Those of one script in their order, others in any: a call that builds on another script's is run after
  // it.
  std::vector<Reply> run(std::span<const Call> calls) { return ask({{}, calls}); }

 private:
  enum class State { kWaiting, kTaken, kAnswered };
  struct Request {
    std::span<const Command> commands;
    std::span<const Call> calls;
    std::vector<Reply> replies = {};
    std::exception_ptr failure = nullptr;
    State state = State::kWaiting;
    std::condition_variable is_its_turn = {};  // of its own, so that nobody wakes in vain
  };

  std::vector<Reply> ask(Request request);
  bool are_enough_waiting() const;
  // Replaces the connection by nothing when it broke.
  void serve(const std::vector<Request*>& requests, std::unique_ptr<Connection>& connection) noexcept;

  const Redis server_;
  std::mutex mutex_;
  std::vector<Request*> waiting_;
  std::size_t under_way_ = 0;                      // requests
  std::vector<std::unique_ptr<Connection>> idle_;  // nothing: to be made
};

// A connection for commands that block, for one thread at a time. After a failure the next call makes it
// anew.
class BlockingConnection {
 public:
  BlockingConnection(Redis server, std::string name) : server_(std::move(server)), name_(std::move(name)) {}

  // Runs a command that Redis answers within `wait`.
  Reply send(const Command& command, std::chrono::milliseconds wait);

 private:
  const Redis server_;
  const std::string name_;
  std::unique_ptr<Connection> connection_;
};

// What Redis refuses as a whole: out of memory, loading, read-only, a wrong password. Throws kUnavailable.
[[noreturn]] void refused(const Reply& reply);

}  // namespace inpaint::queue::redis
