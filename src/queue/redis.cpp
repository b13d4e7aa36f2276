#include "queue/redis.h"

#include <hiredis/hiredis.h>

#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace inpaint::queue::redis {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectLimit{1'000};
constexpr milliseconds kAnswerLimit{5'000};

timeval to_timeval(milliseconds time) {
  return {time.count() / 1000, (time.count() % 1000) * 1000};
}

Error unavailable() {
  return {ErrorKind::kUnavailable, "QUEUE_UNAVAILABLE", "The queue does not answer."};
}

Reply to_reply(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_NIL:
      return {};
    case REDIS_REPLY_INTEGER:
      return {Reply::Kind::kNumber, reply.integer, {}, {}};
    case REDIS_REPLY_ARRAY: {
      Reply list{Reply::Kind::kList, 0, {}, {}};
      list.list.reserve(reply.elements);
      for (std::size_t i = 0; i < reply.elements; ++i) list.list.push_back(to_reply(*reply.element[i]));
      return list;
    }
    case REDIS_REPLY_ERROR:
      return {Reply::Kind::kRefusal, 0, {reply.str, reply.len}, {}};
    default:
      return {Reply::Kind::kText, 0, {reply.str, reply.len}, {}};
  }
}

}  // namespace

void refused(const Reply& reply) {
  log::error("queue", "Redis refused a command", {{"reason", reply.text}});
  throw unavailable();
}

void Connection::Close::operator()(redisContext* context) const {
  redisFree(context);
}

Connection::Connection(const Redis& server, const std::string& name)
    : context_(redisConnectWithTimeout(server.host.c_str(), server.port, to_timeval(kConnectLimit))) {
  if (!context_ || context_->err != 0) fail();
  redisEnableKeepAlive(context_.get());
  if (!server.user.empty() || !server.password.empty()) log_in(server);
  if (!name.empty()) send({"CLIENT", "SETNAME", name});  // whoever may not is only not shown
}

void Connection::log_in(const Redis& server) {
  const Reply reply = send(server.user.empty() ? Command{"AUTH", server.password}
                                               : Command{"AUTH", server.user, server.password});
  if (reply.kind == Reply::Kind::kRefusal) refused(reply);
}

void Connection::fail() const {
  log::warn("queue", "the connection to Redis broke",
            {{"reason", std::string(context_ ? context_->errstr : "out of memory")}});
  throw unavailable();
}

void Connection::limit_time(milliseconds limit) {
  if (limit == limit_) return;
  if (redisSetTimeout(context_.get(), to_timeval(limit)) != REDIS_OK) fail();
  limit_ = limit;
}

void Connection::append(const Command& command) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  texts.reserve(command.size());
  sizes.reserve(command.size());
  for (const std::string& part : command) {
    texts.push_back(part.data());
    sizes.push_back(part.size());
  }
  if (redisAppendCommandArgv(context_.get(), static_cast<int>(command.size()), texts.data(), sizes.data()) !=
      REDIS_OK) {
    fail();
  }
}

std::vector<Reply> Connection::receive(std::size_t count, milliseconds wait) {
  limit_time(kAnswerLimit + wait);
  std::vector<Reply> replies;
  replies.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK) fail();
    const auto free_reply = [](redisReply* reply) { freeReplyObject(reply); };
    const std::unique_ptr<redisReply, decltype(free_reply)> reply(static_cast<redisReply*>(raw), free_reply);
    replies.push_back(to_reply(*reply));
  }
  return replies;
}

Reply Connection::send(const Command& command, milliseconds wait) {
  append(command);
  return std::move(receive(1, wait).front());
}

// Each request has a condition of its own, so that nobody wakes in vain.
std::vector<Reply> SharedConnection::send(const std::vector<Command>& commands) {
  Request request{commands, {}, {}, {}, {}};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&request);
  request.role_changed.wait(lock, [&] { return request.role != Role::kWaiting || !is_busy_; });
  if (request.role != Role::kServed) {
    is_busy_ = true;
    const std::vector<Request*> requests = std::exchange(waiting_, {});
    lock.unlock();
    serve(requests);
    lock.lock();
    for (Request* served : requests) change(*served, Role::kServed);
    is_busy_ = !waiting_.empty();
    if (is_busy_) change(*waiting_.front(), Role::kServing);
  }
  if (request.failure) std::rethrow_exception(request.failure);
  return std::move(request.replies);
}

void SharedConnection::change(Request& request, Role role) {
  request.role = role;
  request.role_changed.notify_one();
}

void SharedConnection::serve(const std::vector<Request*>& requests) noexcept {
  try {
    if (!connection_) connection_ = std::make_unique<Connection>(server_, "");
    for (const Request* request : requests) {
      for (const Command& command : request->commands) connection_->append(command);
    }
    for (Request* request : requests) request->replies = connection_->receive(request->commands.size());
  } catch (...) {
    connection_.reset();
    for (Request* request : requests) request->failure = std::current_exception();
  }
}

Reply BlockingConnection::send(const Command& command, milliseconds wait) {
  if (!connection_) connection_ = std::make_unique<Connection>(server_, name_);
  try {
    return connection_->send(command, wait);
  } catch (const Error&) {
    connection_.reset();
    throw;
  }
}

}  // namespace inpaint::queue::redis
