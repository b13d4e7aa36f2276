#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/credits.h"
#include "base/uuid.h"
#include "database/database.h"
#include "database/window.h"
#include "inferences/inference.h"
#include "queue/queue.h"

// The SQL of inferences, and nothing else. Every function is one step of the caller's read or transaction.
namespace inpaint::inferences::repository {

using database::Session;

struct Dataset {
  std::string id;
  std::string name;
};
// The user's own dataset that is not deleted, by its name or its id. No upload adds to it until the
// transaction ends.
std::optional<Dataset> find_dataset(Session& sql, const UserId& user, const std::string& name_or_id);

struct NewInference {
  InferenceId id;
  UserId user;
  Dataset dataset;
  std::string model_id;
  std::string parameters;
  std::int64_t turn = 0;  // of its first item
  std::optional<std::string> idempotency_key;
  std::string request_hash;
};
void insert(Session& sql, const NewInference& inference);

// Copies the dataset's items with their prices into the inference, and counts what was copied.
struct Order {
  std::int64_t items = 0;
  std::int64_t videos = 0;  // of the items, how many are frames of videos
  Credits price;
};
Order copy_items(Session& sql, const InferenceId& inference, const Dataset& dataset);

struct Submitted {
  Inference inference;
  std::string request_hash;
};
std::optional<Submitted> find_submitted(Session& sql, const UserId& user, const std::string& idempotency_key);

std::optional<Inference> find(Session& sql, const UserId& user, const InferenceId& id);
// Newest first.
std::vector<Inference> list(Session& sql, const UserId& user, std::optional<Status> status,
                            const database::Window& window);
std::int64_t count(Session& sql, const UserId& user, std::optional<Status> status);
std::vector<InferenceId> live_of_user(Session& sql, const UserId& user);

std::vector<Item> items(Session& sql, const InferenceId& inference);
// How the picture or video was called that the user's completed inference made this output of.
std::optional<std::string> find_output_name(Session& sql, const UserId& user, const std::string& output_path);

// The steps of the work. Each changes something only while the inference is live (begin) or RUNNING, and
// says whether it did: what was ended meanwhile stays as it ended.
std::optional<Inference> begin(Session& sql, const InferenceId& id);
bool is_running(Session& sql, const InferenceId& id);
// Never goes back, also not when a later delivery begins anew.
bool set_progress(Session& sql, const InferenceId& id, int percent);
bool record_done(Session& sql, const InferenceId& id, std::int64_t item, const std::string& output_path);
bool record_failed(Session& sql, const InferenceId& id, std::int64_t item, const std::string& reason);

// What the items came to.
struct Tally {
  std::int64_t pending = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;
  Credits price_of_failed;
  std::string first_reason;
};
Tally tally(Session& sql, const InferenceId& id);

// The last step: from live to an end, once. `refunded`: nothing means all that was reserved.
bool end(Session& sql, const InferenceId& id, Status status, std::optional<Credits> refunded,
         const std::optional<std::string>& error);

struct Ring {
  std::int64_t id = 0;
  queue::Job job;
};
void add_ring(Session& sql, const InferenceId& inference);
std::vector<Ring> rings(Session& sql, int limit);
void remove_ring(Session& sql, std::int64_t id);
void remove_rings_of(Session& sql, const InferenceId& inference);

// Live inferences without a ring that nothing has happened to since `before`.
std::vector<queue::Job> silent_since(Session& sql, Timestamp before);

struct OpenReservation {
  InferenceId inference;
  Status status;  // an end
  Credits refunded;
};
std::vector<OpenReservation> reservations_of_ended(Session& sql);

}  // namespace inpaint::inferences::repository
