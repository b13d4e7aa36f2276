#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/error.h"
#include "base/log.h"
#include "http/message.h"

namespace inpaint::http {

// Who sent a request: the answer to it is the user, or the refusal.
struct Caller {
  const Request& request;
  log::Context& log_context;  // of the request
  std::shared_ptr<const accounts::User> user;
  std::optional<Error> refusal;
};

// Finds the answer for each of some callers, who are many when many ask at the same time. What it throws is
// the answer for all. Runs on the blocking pool.
using Authenticate = std::function<void(std::span<Caller>)>;

// The same for a network thread, which must not block: about the callers of one question at a time. What it
// throws is no answer to them but the inquiry's end, and Authenticate finds the answer.
class CallerInquiry {
 public:
  virtual ~CallerInquiry() = default;
  // False when all have their answer already and none is to be waited for.
  virtual bool ask(std::span<Caller> callers) = 0;
  // Readable when there may be an answer. Stays the inquiry's.
  virtual int socket() const = 0;
  // True when all have their answer. The callers are those of the question.
  virtual bool answer(std::span<Caller> callers) = 0;
};
// Opens one, on the blocking pool. Null: there is none, and never will be. What it throws: not now.
using OpenCallerInquiry = std::function<std::unique_ptr<CallerInquiry>()>;

// Whether an authenticated caller may use Access::kAdministrator routes.
using IsAdministrator = std::function<bool(const accounts::User&)>;

// How a server knows its callers. Without open_inquiry it asks by blocking only.
struct Authentication {
  Authenticate authenticate;
  IsAdministrator is_administrator;
  OpenCallerInquiry open_inquiry = nullptr;
};

}  // namespace inpaint::http
