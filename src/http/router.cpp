#include "http/router.h"

#include <algorithm>
#include <optional>

#include "http/text.h"

namespace inpaint::http {
namespace {

constexpr std::size_t kMaximumSegments = 16;  // of a path; fit() needs a bit for each

// "/api//users/" is "api", "", "users": only one slash at the end is forgiven.
std::vector<std::string_view> split(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const auto slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return segments;
}

std::vector<std::string> decoded_segments(std::string_view raw_path) {
  std::vector<std::string> decoded;
  for (const std::string_view segment : split(raw_path)) {
    std::optional<std::string> text = percent_decode(segment, false);
    if (!text) throw invalid("BAD_URL", "The URL is not well-formed percent-encoded UTF-8.");
    decoded.push_back(*std::move(text));
    if (decoded.size() > kMaximumSegments) throw not_found("There is nothing at this URL.");
  }
  return decoded;
}

std::string literal_name(Method method, std::string_view path) {
  return std::string(to_string(method)).append(" ").append(path);
}

}  // namespace

void Router::add(Route route) {
  Pattern pattern;
  for (const std::string_view segment : split(route.pattern)) pattern.emplace_back(segment);
  if (route.pattern.find(':') == std::string::npos) {
    literals_.emplace(literal_name(route.method, route.pattern), routes_.size());
  }
  routes_.push_back(std::move(route));
  patterns_.push_back(std::move(pattern));
}

// Whether the pattern fits, and how well: of two that fit, the one with the earlier literal wins, so each
// segment is a bit, the first the highest, set for a literal.
std::optional<unsigned> Router::fit(const Pattern& pattern, const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return std::nullopt;
  unsigned literals = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool is_parameter = pattern[i].starts_with(':');
    if (is_parameter ? segments[i].empty() : pattern[i] != segments[i]) return std::nullopt;
    literals = 2 * literals + (is_parameter ? 0 : 1);
  }
  return literals;
}

Router::Match Router::match(Method method, std::string_view raw_path) const {
  const Method wanted = method == Method::kHead ? Method::kGet : method;
  if (const auto literal = literals_.find(literal_name(wanted, raw_path)); literal != literals_.end()) {
    return {&routes_[literal->second], {}};
  }
  const std::vector<std::string> segments = decoded_segments(raw_path);
  std::optional<std::size_t> best;
  unsigned best_literals = 0;
  std::vector<std::string> allowed;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const std::optional<unsigned> literals = fit(patterns_[i], segments);
    if (!literals) continue;
    if (routes_[i].method != wanted) {
      allowed.emplace_back(to_string(routes_[i].method));
    } else if (!best || *literals > best_literals) {
      best = i;
      best_literals = *literals;
    }
  }
  if (!best) throw_unmatched(std::move(allowed));
  Match match{&routes_[*best], {}};
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string& name = patterns_[*best][i];
    if (name.starts_with(':')) match.params.emplace(name.substr(1), segments[i]);
  }
  return match;
}

void Router::throw_unmatched(std::vector<std::string> allowed) {
  if (allowed.empty()) throw not_found("There is nothing at this URL.");
  if (std::ranges::find(allowed, "GET") != allowed.end()) allowed.emplace_back("HEAD");
  allowed.emplace_back("OPTIONS");
  std::ranges::sort(allowed);
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  std::string list;
  for (const std::string& name : allowed) list += (list.empty() ? "" : ", ") + name;
  throw Error(ErrorKind::kMethodNotAllowed, "METHOD_NOT_ALLOWED", "This URL answers to " + list + " only.",
              {{"allow", list}});
}

}  // namespace inpaint::http
