#pragma once

#include "base/error.h"
#include "http/exchange.h"

// The chain of responsibility that every request passes: each step does one thing, and refuses by throwing
// an Error. The order is in middleware.cpp and reads as a list.
namespace inpaint::http {

// Before the body is read, on the network thread: nothing here blocks.
void pass_entrance(Exchange& exchange, Shared& shared);

// Whether the caller, who is known by then, may do this at all.
void authorize(Exchange& exchange, const Shared& shared);

// What every answer carries besides its own headers.
void pass_exit(Exchange& exchange);

// What was thrown becomes the response; our own fault is logged. Call in a catch block.
void refuse(Exchange& exchange) noexcept;

// Runs `work`, whose log lines carry the request's. What it throws becomes the response, and false.
template <typename Work>
bool attempt(Exchange& exchange, const Work& work) noexcept {
  const log::Scope scope(exchange.log_context);
  try {
    work();
    return true;
  } catch (...) {
    refuse(exchange);
    return false;
  }
}

Error body_too_large(std::int64_t limit_bytes);

}  // namespace inpaint::http
