#include "inferences/status_feed.h"

#include "base/error.h"

namespace inpaint::inferences {
namespace {

std::string event(std::string_view name, const http::Json& data) {
  return "event: " + std::string(name) + "\ndata: " + data.dump() + "\n\n";
}

}  // namespace

http::Json status_json(const Inference& inference) {
  const std::string& id = inference.id.to_string();
  return {{"inferenceId", id},
          {"jobId", id},
          {"status", to_string(inference.status)},
          {"progress", inference.progress},
          {"error", inference.error ? http::Json(*inference.error) : http::Json(nullptr)}};
}

std::optional<std::string> StatusFeed::next() {
  if (told_status_ && !is_live(*told_status_)) return std::nullopt;
  try {
    const Inference inference = service_->find(user_, id_);
    std::string events;
    if (told_status_ != inference.status) events += event("status", status_json(inference));
    if (told_progress_ != inference.progress) events += event("progress", status_json(inference));
    told_status_ = inference.status;
    told_progress_ = inference.progress;
    return events;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUnavailable) return "";
    return std::nullopt;  // its user was deleted
  }
}

}  // namespace inpaint::inferences
