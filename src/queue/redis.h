#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
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

// One connection, for one thread at a time. After a failure it is of no use any more.
class Connection {
 public:
  // `name`: what CLIENT LIST shows for it, or nothing.
  Connection(const Redis& server, const std::string& name);

  // Commands travel together: all are sent when the first answer is read, waiting at most `wait` longer than
  // usual for each. A refusal among the answers is left to the caller.
  void append(const Command& command);
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

// One connection for commands that are answered at once, shared by all threads: what several ask at the same
// time travels together. After a failure the next call makes it anew.
class SharedConnection {
 public:
  explicit SharedConnection(Redis server) : server_(std::move(server)) {}

  std::vector<Reply> send(const std::vector<Command>& commands);

 private:
  enum class Role { kWaiting, kServing, kServed };
  struct Request {
    const std::vector<Command>& commands;
    std::vector<Reply> replies;
    std::exception_ptr failure;
    Role role = Role::kWaiting;
    std::condition_variable role_changed;
  };

  static void change(Request& request, Role role);
  void serve(const std::vector<Request*>& requests) noexcept;

  const Redis server_;
  std::mutex mutex_;
  std::vector<Request*> waiting_;
  bool is_busy_ = false;  // the thread of one request serves those that waited when it began
  std::unique_ptr<Connection> connection_;
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
