#include "http/multipart.h"

#include <algorithm>

namespace inpaint::http {
namespace {

constexpr std::size_t kMaximumPreamble = 4096;
constexpr std::size_t kMaximumHeaders = 8192;
constexpr int kMaximumParts = 64;
constexpr std::string_view kLineBreak = "\r\n";
constexpr std::string_view kEmptyLine = "\r\n\r\n";

}  // namespace

// A line break is put before the body, so that its first boundary looks like the others.
MultipartParser::MultipartParser(std::string_view boundary, Receiver& receiver)
    : delimiter_("\r\n--" + std::string(boundary)), receiver_(receiver), pending_(kLineBreak) {}

void MultipartParser::feed(std::string_view bytes) {
  if (state_ == State::kEpilogue) return;
  pending_.append(bytes);
  const auto step = [&] {
    switch (state_) {
      case State::kPreamble:
        return skip_preamble();
      case State::kDelimiterEnd:
        return read_delimiter_end();
      case State::kHeaders:
        return read_headers();
      case State::kData:
        return read_data();
      case State::kEpilogue:
        pending_.clear();
        return false;
    }
    return false;
  };
  while (step()) {
  }
}

void MultipartParser::finish() const {
  if (state_ != State::kEpilogue) throw malformed_multipart("the body ends before its last boundary");
}

// Where a text of that length begins that was found, or may yet begin when more of the body arrives. Limits
// are compared with this, so that they do not depend on how the body is cut into pieces.
std::size_t MultipartParser::earliest(std::size_t found, std::size_t length) const {
  if (found != std::string::npos) return found;
  return pending_.size() - std::min(pending_.size(), length - 1);
}

bool MultipartParser::skip_preamble() {
  const auto found = pending_.find(delimiter_);
  if (earliest(found, delimiter_.size()) > kMaximumPreamble) {
    throw malformed_multipart("the first boundary is missing");
  }
  if (found == std::string::npos) return false;
  pending_.erase(0, found + delimiter_.size());
  state_ = State::kDelimiterEnd;
  return true;
}

// "--" ends the body; blanks and a line break begin a part.
bool MultipartParser::read_delimiter_end() {
  if (pending_.size() >= 2 && pending_.starts_with("--")) {
    state_ = State::kEpilogue;
    return true;
  }
  const auto end = pending_.find(kLineBreak);
  const auto blanks = std::min(pending_.find_first_not_of(" \t"), pending_.size());
  if (end == std::string::npos) {
    const std::string_view rest = std::string_view(pending_).substr(blanks);
    const bool may_go_on = rest.empty() || rest == "\r" || pending_ == "-";
    if (!may_go_on || pending_.size() > kMaximumHeaders)
      throw malformed_multipart("a boundary's line is wrong");
    return false;
  }
  if (blanks != end) throw malformed_multipart("a boundary's line is wrong");
  if (++parts_ > kMaximumParts) {
    throw malformed_multipart("it has more than " + std::to_string(kMaximumParts) + " parts");
  }
  pending_.erase(0, end);  // the line break stays: an empty header block is found by two of them
  state_ = State::kHeaders;
  return true;
}

bool MultipartParser::read_headers() {
  const auto end = pending_.find(kEmptyLine);
  if (earliest(end, kEmptyLine.size()) > kMaximumHeaders) {
    throw malformed_multipart("a part's headers are too large");
  }
  if (end == std::string::npos) return false;
  receiver_.begin_part(parse_part_header(std::string_view(pending_).substr(0, end)));
  // The line break before the data stays: a part without data ends with it.
  pending_.erase(0, end + kLineBreak.size());
  state_ = State::kData;
  at_data_begin_ = true;
  return true;
}

bool MultipartParser::read_data() {
  const auto found = pending_.find(delimiter_);
  const std::size_t kept = delimiter_.size() - 1;  // may be the beginning of a boundary
  if (found == std::string::npos && pending_.size() <= kept + kLineBreak.size()) return false;
  const std::size_t end = found == std::string::npos ? pending_.size() - kept : found;
  const std::size_t begin = at_data_begin_ ? std::min(kLineBreak.size(), end) : 0;
  at_data_begin_ = false;
  if (end > begin) receiver_.part_data(std::string_view(pending_).substr(begin, end - begin));
  if (found == std::string::npos) {
    pending_.erase(0, end);
    return false;
  }
  receiver_.end_part();
  pending_.erase(0, end + delimiter_.size());
  state_ = State::kDelimiterEnd;
  return true;
}

}  // namespace inpaint::http
