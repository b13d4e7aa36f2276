#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "database/database.h"
#include "inferences/inference.h"
#include "inferences/parameters.h"
#include "inferences/relay.h"
#include "queue/queue.h"

namespace inpaint::inferences {

// The rules of an inference as its user sees it. An id that is not the user's own is one that is not there:
// every function with a user throws kNotFound for it.
class Service {
 public:
  Service(database::Database& database, queue::Queue& queue, Relay& relay)
      : database_(database), queue_(queue), relay_(relay) {}

  struct Submission {
    std::string dataset;     // name or id
    std::string model_id;    // of engine::models()
    std::string parameters;  // JSON, valid
    OutputFormat output_format = OutputFormat::kPng;
    std::optional<std::string> idempotency_key;
  };
  // Reserves the price and starts the work. With an idempotency key that the user has used before it
  // returns the inference of then. Throws kNotFound, kInvalid EMPTY_DATASET or BAD_OUTPUT_FORMAT,
  // kConflict IDEMPOTENCY_KEY_REUSED, kPaymentRequired INSUFFICIENT_TOKENS.
  Inference submit(const UserId& user, const Submission& submission);

  Inference find(const UserId& user, const InferenceId& id);

  struct Listing {
    std::vector<Inference> inferences;  // newest first
    std::int64_t total = 0;
  };
  Listing list(const UserId& user, std::optional<Status> status, std::int64_t limit, std::int64_t offset);

  struct Results {
    std::vector<Item> items;
    std::vector<Video> videos;
  };
  // Throws kConflict INFERENCE_NOT_COMPLETED.
  Results results(const UserId& user, const InferenceId& id);

  // The name of the picture or video that a result was made of. Throws kNotFound when it may not be
  // downloaded.
  std::string name_of_result(const UserId& user, const std::string& output_path);

  // Ends it and gives the tokens back; aborting twice is aborting once. Throws kConflict INFERENCE_ENDED.
  Inference abort(const UserId& user, const InferenceId& id);

 private:
  database::Database& database_;
  queue::Queue& queue_;
  Relay& relay_;
};

}  // namespace inpaint::inferences
