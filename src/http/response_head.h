#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include "http/message.h"

namespace inpaint::http {

// "Date: …", made anew once a second. For one thread.
class DateHeader {
 public:
  const std::string& line();

 private:
  std::time_t made_at_ = 0;
  std::string line_;
};

struct HeadFacts {
  int status = 200;
  std::optional<std::int64_t> content_length;  // nothing: until the connection closes
  bool keep_alive = true;
};

// The head of an answer as it goes over the wire is two pieces: what differs from answer to answer (status
// line, date, the content's type and length, `headers`), …
std::string serialize_head(const HeadFacts& facts, const Headers& headers, std::string_view content_type,
                           DateHeader& date);

// … and what never does: the security headers that Helmet 7 sends, CORS, and the empty line.
std::string_view end_of_head();

}  // namespace inpaint::http
