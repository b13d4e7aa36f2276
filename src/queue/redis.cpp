#include "queue/redis.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace inpaint::queue::redis {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectLimit{1'000};
constexpr milliseconds kAnswerLimit{5'000};
constexpr std::size_t kMostCallsAtOnce = 32;  // Redis does nothing else meanwhile, for 2 ms mostly
constexpr milliseconds kPatience{5};

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

bool is_unknown_script(const Reply& reply) {
  return reply.kind == Reply::Kind::kRefusal && reply.text.starts_with("NOSCRIPT");
}

// Calls that are made in one command, and where their answers go.
class Bundle {
 public:
  bool takes(const Call& call) const {
    return calls_.size() < kMostCallsAtOnce && calls_.front()->script == call.script &&
           calls_.front()->arguments.size() == call.arguments.size();
  }

  void add(const Call& call, Reply& answer) {
    assert(call.keys.size() == call.script->key_count);
    calls_.push_back(&call);
    answers_.push_back(&answer);
  }

  // As many_calls.lua expects them. The text goes along only where Redis does not know it (yet, or any more).
  enum class Name { kHash, kText };
  void append_to(Connection& connection, Name name) const {
    const Script& script = *calls_.front()->script;
    const std::vector<std::size_t> own_keys = own_positions(&Call::keys);
    const std::vector<std::size_t> own_arguments = own_positions(&Call::arguments);
    const std::string key_count = std::to_string(script.key_count + (calls_.size() - 1) * own_keys.size());
    std::string shape;
    nlohmann::json::to_msgpack({calls_.size(), own_keys, own_arguments}, shape);
    std::vector<std::string_view> command;
    command.reserve(4 + script.key_count + calls_.front()->arguments.size() +
                    calls_.size() * (own_keys.size() + own_arguments.size()));
    if (name == Name::kHash) command = {"EVALSHA", script.sha1, key_count};
    if (name == Name::kText) command = {"EVAL", script.text, key_count};
    append_words(command, &Call::keys, own_keys);
    append_words(command, &Call::arguments, own_arguments);
    command.push_back(shape);
    connection.append(command);
  }

  void deliver(Reply reply) const {
    const bool is_for_all = reply.kind == Reply::Kind::kRefusal;
    if (!is_for_all && reply.list.size() != calls_.size()) throw unavailable();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      *answers_[i] = is_for_all ? reply : std::move(reply.list[i]);
    }
  }

 private:
  // Where, counted from 1, a call has another word than the first one.
  std::vector<std::size_t> own_positions(Words Call::*words) const {
    const Words& first = calls_.front()->*words;
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < first.size(); ++i) {
      const auto differs = [&](const Call* call) { return (call->*words)[i] != first[i]; };
      if (std::ranges::any_of(calls_, differs)) positions.push_back(i + 1);
    }
    return positions;
  }

  void append_words(std::vector<std::string_view>& command, Words Call::*words,
                    const std::vector<std::size_t>& own) const {
    const Words& first = calls_.front()->*words;
    for (std::size_t i = 0; i < first.size(); ++i) command.push_back(first[i]);
    for (const Call* call : std::span(calls_).subspan(1)) {
      for (const std::size_t position : own) command.push_back((call->*words)[position - 1]);
    }
  }

  std::vector<const Call*> calls_;
  std::vector<Reply*> answers_;
};

void add_to(std::vector<Bundle>& bundles, const Call& call, Reply& answer) {
  auto bundle = std::ranges::find_if(bundles, [&](const Bundle& one) { return one.takes(call); });
  if (bundle == bundles.end()) bundle = bundles.emplace(bundles.end());
  bundle->add(call, answer);
}

// The answers to bundles that were sent by their hashes.
void receive_answers(const std::vector<Bundle>& bundles, Connection& connection) {
  std::vector<Reply> replies = connection.receive(bundles.size());
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    if (is_unknown_script(replies[i])) {
      bundles[i].append_to(connection, Bundle::Name::kText);
      replies[i] = std::move(connection.receive(1).front());
    }
    bundles[i].deliver(std::move(replies[i]));
  }
}

}  // namespace

void refused(const Reply& reply) {
  // Of a longer command it says "unauthenticated multibulk length".
  const bool wants_password =
      reply.text.starts_with("NOAUTH") || reply.text.find("unauthenticated") != std::string::npos;
  log::error(
      "queue",
      wants_password ? "Redis asks for a password, and REDIS_PASSWORD is not set" : "Redis refused a command",
      {{"reason", reply.text}});
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

void Connection::append(std::span<const std::string_view> words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  texts.reserve(words.size());
  sizes.reserve(words.size());
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  if (redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data()) !=
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

// As many as are under way, or as one command takes.
bool SharedConnections::are_enough_waiting() const {
  return waiting_.size() >= std::min(under_way_, kMostCallsAtOnce);
}

// Whoever finds that it is time to go serves all that wait, itself among them. Threads come back from Redis
// one after the other, and to begin a script costs nearly what a call does: so nobody goes alone while many
// others are on their way, but waits for company, though not for long.
std::vector<Reply> SharedConnections::ask(Request request) {
  std::unique_lock lock(mutex_);
  waiting_.push_back(&request);
  const auto can_go = [&] { return request.state == State::kWaiting && !idle_.empty(); };
  const auto is_answered = [&] { return request.state == State::kAnswered; };
  const auto goes_in_company = [&] { return is_answered() || (can_go() && are_enough_waiting()); };
  if (!request.is_its_turn.wait_for(lock, kPatience, goes_in_company)) {
    request.is_its_turn.wait(lock, [&] { return is_answered() || can_go(); });
  }
  if (request.state == State::kWaiting) {
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    const std::vector<Request*> requests = std::exchange(waiting_, {});
    for (Request* taken : requests) taken->state = State::kTaken;
    under_way_ += requests.size();
    lock.unlock();
    serve(requests, connection);
    lock.lock();
    under_way_ -= requests.size();
    // Where one broke the others did, or will.
    if (!connection) std::ranges::for_each(idle_, [](auto& idle) { idle.reset(); });
    idle_.push_back(std::move(connection));
    if (!waiting_.empty()) waiting_.front()->is_its_turn.notify_one();
    for (Request* answered : requests) {
      answered->state = State::kAnswered;
      answered->is_its_turn.notify_one();
    }
  }
  if (request.failure) std::rethrow_exception(request.failure);
  return std::move(request.replies);
}

void SharedConnections::serve(const std::vector<Request*>& requests,
                              std::unique_ptr<Connection>& connection) noexcept {
  try {
    if (!connection) connection = std::make_unique<Connection>(server_, "");
    std::vector<Bundle> bundles;
    for (Request* request : requests) {
      for (const Command& command : request->commands) connection->append(command);
      request->replies.resize(request->calls.size());
      for (std::size_t i = 0; i < request->calls.size(); ++i) {
        add_to(bundles, request->calls[i], request->replies[i]);
      }
    }
    for (const Bundle& bundle : bundles) bundle.append_to(*connection, Bundle::Name::kHash);
    for (Request* request : requests) {
      if (!request->commands.empty()) request->replies = connection->receive(request->commands.size());
    }
    receive_answers(bundles, *connection);
  } catch (...) {
    connection.reset();
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
