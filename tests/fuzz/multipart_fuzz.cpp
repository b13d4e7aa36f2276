// A byte that says how the body is cut into pieces, a line with the Content-Type, the body. However it is
// cut, the same parts come out.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "http/multipart.h"
#include "http/text.h"
#include "input.h"

namespace inpaint::http {
namespace {

using fuzz::require;

struct Part {
  PartHeader header;
  std::string data;
  bool is_over = false;
};

class Collector final : public MultipartParser::Receiver {
 public:
  void begin_part(const PartHeader& header) override {
    require(parts_.empty() || parts_.back().is_over, "a part begins after the last one is over");
    require(is_utf8(header.name) && is_utf8(header.file_name.value_or("")), "names are UTF-8");
    parts_.push_back({header, "", false});
  }
  void part_data(std::string_view bytes) override {
    require(!parts_.empty() && !parts_.back().is_over && !bytes.empty(), "data belongs to an open part");
    parts_.back().data += bytes;
  }
  void end_part() override { parts_.back().is_over = true; }

  const std::vector<Part>& parts() const { return parts_; }

 private:
  std::vector<Part> parts_;
};

// The parts of a well-formed body. A piece has `longest` bytes at most; 0: all in one.
std::optional<std::vector<Part>> parse(const std::string& boundary, std::string_view body,
                                       std::size_t longest) {
  Collector collector;
  MultipartParser parser(boundary, collector);
  try {
    for (std::size_t begin = 0, size = 0; begin < body.size(); begin += size) {
      size = longest == 0 ? body.size() : 1 + (begin * 7 + longest) % longest;
      parser.feed(body.substr(begin, size));
    }
    parser.finish();
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::kInvalid, "a malformed body is the client's error");
    return std::nullopt;
  }
  return collector.parts();
}

bool equal(const Part& a, const Part& b) {
  return a.header.name == b.header.name && a.header.file_name == b.header.file_name && a.data == b.data &&
         a.is_over && b.is_over;
}

void check(fuzz::Input input) {
  const std::size_t longest = 1 + input.byte() % 64;
  std::string boundary;
  try {
    boundary = boundary_of(input.line());
  } catch (const Error&) {
    return;
  }
  const auto whole = parse(boundary, input.rest(), 0);
  const auto pieces = parse(boundary, input.rest(), longest);
  require(whole.has_value() == pieces.has_value(), "pieces are well-formed when the whole is");
  require(!whole || std::equal(whole->begin(), whole->end(), pieces->begin(), pieces->end(), equal),
          "pieces make the parts of the whole");
}

}  // namespace
}  // namespace inpaint::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  inpaint::http::check({bytes, size});
  return 0;
}
