#include "inferences/service.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "credits/ledger.h"
#include "inferences/repository.h"
#include "inferences/settlement.h"
#include "inferences/turns.h"
#include "inferences/video_repository.h"

namespace inpaint::inferences {
namespace {

using database::Session;

// Equal for submissions that mean the same, whatever the order of their parameters.
std::string request_hash(const Service::Submission& submission) {
  const std::string request =
      nlohmann::json{submission.dataset, submission.model_id, nlohmann::json::parse(submission.parameters)}
          .dump();
  return hex(sha256(request));
}

Inference find_or_throw(Session& sql, const UserId& user, const InferenceId& id) {
  std::optional<Inference> inference = repository::find(sql, user, id);
  if (!inference) throw not_found("There is no such inference.");
  return *std::move(inference);
}

std::optional<Inference> find_earlier(Session& sql, const UserId& user, const std::string& idempotency_key,
                                      const std::string& hash) {
  std::optional<repository::Submitted> earlier = repository::find_submitted(sql, user, idempotency_key);
  if (!earlier) return std::nullopt;
  if (earlier->request_hash != hash) {
    throw conflict("IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used for a different request.");
  }
  return std::move(earlier->inference);
}

// The copy of the items is what is priced and worked on, whatever happens to the dataset meanwhile.
Inference place_order(Session& sql, const UserId& user, const Service::Submission& submission,
                      const std::string& hash) {
  const auto dataset = repository::find_dataset(sql, user, submission.dataset);
  if (!dataset) throw not_found("There is no such dataset.");
  const InferenceId id = InferenceId::make();
  repository::insert(sql, {id, user, *dataset, submission.model_id, submission.parameters,
                           fair_turn(sql, user), submission.idempotency_key, hash});
  const repository::Order order = repository::copy_items(sql, id, *dataset);
  repository::copy_videos(sql, id, *dataset);
  if (order.items == 0) throw invalid("EMPTY_DATASET", "The dataset holds no items to inpaint.");
  if (submission.output_format == OutputFormat::kMp4 && order.videos == 0) {
    throw invalid("BAD_OUTPUT_FORMAT", "mp4 is for videos, and the dataset holds none.");
  }
  credits::reserve(sql, user, order.price, id, "Inference of " + std::to_string(order.items) + " items");
  repository::add_ring(sql, id);
  return find_or_throw(sql, user, id);
}

}  // namespace

Inference Service::submit(const UserId& user, const Submission& submission) {
  const std::string hash = request_hash(submission);
  const auto find_or_place = [&](Session& sql) {
    if (submission.idempotency_key) {
      if (auto earlier = find_earlier(sql, user, *submission.idempotency_key, hash)) return *earlier;
    }
    return place_order(sql, user, submission, hash);
  };
  const auto submitted = [&] {
    try {
      return database_.transaction(find_or_place);
    } catch (const Error& error) {
      // A request with the same key that ran beside this one is the earlier one now.
      if (!database::is_unique_violation(error)) throw;
      return database_.transaction(find_or_place);
    }
  };
  Inference inference = submitted();
  relay_.wake();
  log::info("inferences", "submitted",
            {{"inference", inference.id.to_string()},
             {"items", inference.item_count},
             {"reserved", inference.tokens_reserved.to_string()}});
  return inference;
}

Inference Service::find(const UserId& user, const InferenceId& id) {
  return database_.read([&](Session& sql) { return find_or_throw(sql, user, id); });
}

Service::Listing Service::list(const UserId& user, std::optional<Status> status, std::int64_t limit,
                               std::int64_t offset) {
  return database_.read([&](Session& sql) {
    const std::int64_t total = repository::count(sql, user, status);
    return Listing{repository::list(sql, user, status, database::Window::of(total, offset, limit)), total};
  });
}

Service::Results Service::results(const UserId& user, const InferenceId& id) {
  return database_.read([&](Session& sql) {
    const Inference inference = find_or_throw(sql, user, id);
    if (inference.status != Status::kCompleted) {
      throw conflict("INFERENCE_NOT_COMPLETED", "There are no results: the inference is " +
                                                    std::string(to_string(inference.status)) + ".");
    }
    return Results{repository::items(sql, id), repository::videos(sql, id)};
  });
}

std::string Service::name_of_result(const UserId& user, const std::string& output_path) {
  const auto name =
      database_.read([&](Session& sql) { return repository::find_output_name(sql, user, output_path); });
  if (!name) throw not_found("There is no such result.");
  return *name;
}

Inference Service::abort(const UserId& user, const InferenceId& id) {
  Inference inference = database_.transaction([&](Session& sql) {
    find_or_throw(sql, user, id);
    const bool aborted = settlement::abort(sql, id);
    Inference ended = find_or_throw(sql, user, id);
    if (!aborted && ended.status != Status::kAborted) {
      throw conflict("INFERENCE_ENDED",
                     "The inference has ended already: it is " + std::string(to_string(ended.status)) + ".");
    }
    return ended;
  });
  log::info("inferences", "aborted", {{"inference", id.to_string()}});
  try {
    queue_.remove(id);
  } catch (const std::exception& error) {
    // No harm: a worker that gets the job finds the inference ended.
    log::warn("inferences", "the job of an aborted inference stays in the queue",
              {{"inference", id.to_string()}, {"reason", std::string(error.what())}});
  }
  return inference;
}

}  // namespace inpaint::inferences
