#include "inferences/inference.h"

#include <algorithm>
#include <array>
#include <utility>

namespace inpaint::inferences {
namespace {

constexpr std::array kStatuses{
    std::pair{Status::kPending, std::string_view("PENDING")},
    std::pair{Status::kRunning, std::string_view("RUNNING")},
    std::pair{Status::kCompleted, std::string_view("COMPLETED")},
    std::pair{Status::kFailed, std::string_view("FAILED")},
    std::pair{Status::kAborted, std::string_view("ABORTED")},
};

}  // namespace

std::string_view to_string(Status status) {
  return std::ranges::find(kStatuses, status, &decltype(kStatuses)::value_type::first)->second;
}

std::optional<Status> parse_status(std::string_view text) {
  const auto* found = std::ranges::find(kStatuses, text, &decltype(kStatuses)::value_type::second);
  if (found == kStatuses.end()) return std::nullopt;
  return found->first;
}

}  // namespace inpaint::inferences
