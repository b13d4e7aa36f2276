#pragma once

#include <string>
#include <string_view>

#include "http/part_header.h"

namespace inpaint::http {

// Takes a multipart/form-data body (RFC 7578) apart as it arrives, in pieces of any size. It keeps at most
// one part's headers or the length of a boundary.
class MultipartParser {
 public:
  // Told of the parts in order. What it throws leaves feed().
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual void begin_part(const PartHeader& header) = 0;
    virtual void part_data(std::string_view bytes) = 0;
    virtual void end_part() = 0;
  };

  MultipartParser(std::string_view boundary, Receiver& receiver);

  // Throws kInvalid MALFORMED_MULTIPART, after which the parser is of no more use.
  void feed(std::string_view bytes);
  // The body is over: throws kInvalid MALFORMED_MULTIPART unless its last boundary was seen.
  void finish() const;

 private:
  enum class State { kPreamble, kDelimiterEnd, kHeaders, kData, kEpilogue };

  // Each consumes what it can of pending_, and says whether the state changed.
  bool skip_preamble();
  bool read_delimiter_end();
  bool read_headers();
  bool read_data();
  std::size_t earliest(std::size_t found, std::size_t length) const;

  const std::string delimiter_;  // with the line break before it
  Receiver& receiver_;
  State state_ = State::kPreamble;
  std::string pending_;
  bool at_data_begin_ = false;  // pending_ begins with the line break before the data
  int parts_ = 0;
};

}  // namespace inpaint::http
