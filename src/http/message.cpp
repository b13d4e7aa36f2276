#include "http/message.h"

#include <algorithm>
#include <system_error>

namespace inpaint::http {
namespace {

bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kOther:
      break;
  }
  return "OTHER";
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields_, [&](const auto& field) { return equal_without_case(field.first, name); });
  if (found == fields_.end()) return std::nullopt;
  return found->second;
}

void Headers::set(std::string_view name, std::string_view value) {
  std::erase_if(fields_, [&](const auto& field) { return equal_without_case(field.first, name); });
  add(name, value);
}

const UploadedFile* Form::find_file(std::string_view field) const {
  const auto found = std::ranges::find(files, field, &UploadedFile::field);
  return found == files.end() ? nullptr : &*found;
}

Form::~Form() {
  for (const UploadedFile& file : files) {
    std::error_code ignored;
    std::filesystem::remove(file.path, ignored);
  }
}

const std::string& Request::param(std::string_view name) const {
  const auto found = params.find(std::string(name));
  if (found == params.end()) throw internal("the route has no parameter " + std::string(name));
  return found->second;
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  const auto found = query.find(std::string(name));
  if (found == query.end()) return std::nullopt;
  return found->second;
}

Response redirect(std::string_view url) {
  Response response;
  response.status = 302;
  response.content_type.clear();
  response.headers.set("Location", url);
  response.headers.set("Cache-Control", "private, no-store");
  return response;
}

}  // namespace inpaint::http
