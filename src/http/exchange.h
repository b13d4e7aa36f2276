#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/log.h"
#include "http/address_limit.h"
#include "http/file_response.h"
#include "http/rate_limiter.h"
#include "http/router.h"
#include "http/server.h"

// Inside http/ only: one request on its way through the server, and what all of them share.
namespace inpaint::http {

struct Exchange {
  Request request;
  log::Context log_context;  // who and what the lines of this request are about
  std::string raw_path;      // as on the wire, without the query
  std::string raw_query;
  std::optional<Error> head_refusal;  // why the head could not be read; the connection ends with the answer
  std::optional<std::int64_t> content_length;
  bool is_chunked = false;
  bool has_valid_host = false;

  const Route* route = nullptr;  // null until it is found
  Response response;
  FilePlan file_plan;        // when the response is a file
  bool is_answered = false;  // by a step of the chain, before its end
  RateLimiter::Verdict rate;
  std::optional<AddressLimit::Place> stream_place;  // when the response is a stream of events
  std::chrono::steady_clock::time_point started;

  bool has_body() const { return is_chunked || content_length.value_or(0) > 0; }
  std::string_view route_name() const {
    if (route == nullptr) return "unmatched";
    return route->pattern;
  }
};

struct Shared {
  ServerOptions options;
  Router router;
  Authentication authentication;
  RateLimiter rate_limiter;
  AddressLimit connections;
  AddressLimit streams;
  std::atomic<std::size_t> turned_away = 0;  // connections that are only told so
};

}  // namespace inpaint::http
