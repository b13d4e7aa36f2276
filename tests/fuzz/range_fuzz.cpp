// Three lines: Range, If-Range, If-None-Match. Whatever they ask, the answer lies within the file.
#include <unistd.h>

#include <filesystem>

#include "base/byte_source.h"
#include "base/error.h"
#include "http/file_response.h"
#include "input.h"

namespace inpaint::http {
namespace {

using fuzz::require;

constexpr std::int64_t kSize = 1000;

// A file that has no name any more.
std::shared_ptr<ByteSource> make_source() {
  std::string path = std::filesystem::temp_directory_path() / "inpaint-fuzz-XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  require(descriptor >= 0 && ::ftruncate(descriptor, kSize) == 0, "there is room for a file");
  ::close(descriptor);
  std::shared_ptr<ByteSource> source = open_file(path);
  ::unlink(path.c_str());
  return source;
}

void check(fuzz::Input input) {
  static const FileBody file{make_source(), "image/png", "\"etag\"", ""};
  Request request;
  for (const char* name : {"Range", "If-Range", "If-None-Match"}) {
    const std::string_view value = input.line();
    if (!value.empty()) request.headers.set(name, value);
  }
  Response response;
  try {
    const FilePlan plan = plan_file(request, file, response);
    require(plan.offset >= 0 && plan.length >= 0 && plan.offset + plan.length <= kSize, "it is in the file");
    require(response.status != 200 || plan.length == kSize, "200 is the whole file");
    require(response.status != 206 || (plan.length > 0 && response.headers.find("Content-Range")),
            "206 is a part and says which");
    require(response.status == 200 || response.status == 206 || response.status == 304, "it is an answer");
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::kRangeNotSatisfiable, "only a range is refused");
  }
}

}  // namespace
}  // namespace inpaint::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  inpaint::http::check({bytes, size});
  return 0;
}
