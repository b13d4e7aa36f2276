#pragma once

#include <optional>
#include <string>

#include "http/json.h"
#include "inferences/service.h"

namespace inpaint::inferences {

// {"inferenceId", "jobId", "status", "progress", "error"}
http::Json status_json(const Inference& inference);

// What happens to one inference, as server-sent events: "status" and "progress" at first and whenever they
// change, until it has ended.
class StatusFeed {
 public:
  StatusFeed(Service& service, const UserId& user, const InferenceId& id)
      : service_(&service), user_(user), id_(id) {}

  // The events since the last call ("" for none), or nothing when the last one was told.
  std::optional<std::string> next();

 private:
  Service* service_;
  UserId user_;
  InferenceId id_;
  std::optional<Status> told_status_;
  std::optional<int> told_progress_;
};

}  // namespace inpaint::inferences
