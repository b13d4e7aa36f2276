#include "inferences/repository.h"

#include <algorithm>

#include "base/error.h"
#include "credits/prices.h"
#include "database/dialect.h"
#include "database/query.h"

namespace inpaint::inferences::repository {
namespace {

using database::change;
using database::first_of;
using database::Nullable;
using database::NumberRow;
using database::select;

InferenceId to_id(const std::string& text) {
  const std::optional<InferenceId> id = InferenceId::parse(text);
  if (!id) throw internal("an inference's id is damaged in the database");
  return *id;
}

Status to_status(const std::string& text) {
  const std::optional<Status> status = parse_status(text);
  if (!status) throw internal("an inference's status is damaged in the database");
  return *status;
}

struct IdRow {
  std::string id;
  void bind(soci::statement& statement) { statement.exchange(soci::into(id)); }
  InferenceId value() const { return to_id(id); }
};

struct JobRow {
  std::string id;
  long long turn = 0;
  void bind(soci::statement& statement) {
    statement.exchange(soci::into(id));
    statement.exchange(soci::into(turn));
  }
  queue::Job value() const { return {to_id(id), turn}; }
};

constexpr auto kSelectInference =
    "SELECT id, status, dataset_name, model_id, parameters, progress, item_count, "
    "hundredths(tokens_reserved), hundredths(tokens_refunded), error, turn, epoch_ms(created_at), "
    "epoch_ms(updated_at), user_id, COALESCE(request_hash, '') FROM inferences ";

struct InferenceRow {
  std::string id, status, dataset_name, model_id, parameters, request_hash;
  int progress = 0;
  long long item_count = 0, reserved = 0, refunded = 0, turn = 0, created_at = 0, updated_at = 0;
  Nullable<std::string> error, user_id;

  void bind(soci::statement& statement) {
    for (std::string* text : {&id, &status, &dataset_name, &model_id, &parameters}) {
      statement.exchange(soci::into(*text));
    }
    statement.exchange(soci::into(progress));
    for (long long* number : {&item_count, &reserved, &refunded}) statement.exchange(soci::into(*number));
    statement.exchange(error.into());
    for (long long* number : {&turn, &created_at, &updated_at}) statement.exchange(soci::into(*number));
    statement.exchange(user_id.into());
    statement.exchange(soci::into(request_hash));
  }
  Submitted value() const {
    return {{to_id(id), to_status(status), dataset_name, model_id, parameters, progress, item_count,
             Credits{reserved}, Credits{refunded}, turn, error.value(), Timestamp{created_at},
             Timestamp{updated_at}, user_id.value().value_or("")},
            request_hash};
  }
};

template <typename... Values>
std::vector<Inference> select_inferences(Session& sql, const std::string& rest, const Values&... values) {
  std::vector<Inference> found;
  for (Submitted& row : select<InferenceRow>(sql, kSelectInference + rest, values...)) {
    found.push_back(std::move(row.inference));
  }
  return found;
}

struct ItemRow {
  std::string image_path, mask_path, type, status;
  long long index = 0, upload_index = 0;
  Nullable<long long> frame_index, frame_time;
  Nullable<std::string> output_path, reason;

  void bind(soci::statement& statement) {
    statement.exchange(soci::into(index));
    for (std::string* text : {&image_path, &mask_path, &type}) statement.exchange(soci::into(*text));
    statement.exchange(soci::into(upload_index));
    statement.exchange(frame_index.into());
    statement.exchange(frame_time.into());
    statement.exchange(soci::into(status));
    statement.exchange(output_path.into());
    statement.exchange(reason.into());
  }
  Item value() const {
    return {index,
            image_path,
            mask_path,
            type == "video" ? ItemType::kVideo : ItemType::kImage,
            upload_index,
            frame_index.value(),
            frame_time.value(),
            status == "DONE"     ? ItemStatus::kDone
            : status == "FAILED" ? ItemStatus::kFailed
                                 : ItemStatus::kPending,
            output_path.value(),
            reason.value()};
  }
};

database::Conditions conditions_of(const UserId& user, std::optional<Status> status) {
  database::Conditions conditions;
  conditions.add("user_id = :user", {user.to_string()});
  if (status) conditions.add("status = :status", {std::string(to_string(*status))});
  return conditions;
}

}  // namespace

std::optional<Dataset> find_dataset(Session& sql, const UserId& user, const std::string& name_or_id) {
  struct Row {
    Dataset dataset;
    void bind(soci::statement& statement) {
      statement.exchange(soci::into(dataset.id));
      statement.exchange(soci::into(dataset.name));
    }
    Dataset value() const { return dataset; }
  };
  const std::optional<DatasetId> id = DatasetId::parse(name_or_id);
  // No dataset is called like an id.
  return first_of(
      select<Row>(sql,
                  std::string("SELECT id, name FROM datasets WHERE user_id = :user AND NOT is_deleted AND ") +
                      (id ? "id = :id" : "name = :name") + database::for_update(sql),
                  user.to_string(), id ? id->to_string() : name_or_id));
}

void insert(Session& sql, const NewInference& inference) {
  const long long now = Timestamp::now().unix_ms;
  const long long turn = inference.turn;
  Nullable<std::string> key(inference.idempotency_key);
  sql << "INSERT INTO inferences(id, user_id, dataset_id, dataset_name, model_id, parameters, item_count, "
         "tokens_reserved, turn, idempotency_key, request_hash, created_at, updated_at) VALUES (:id, :user, "
         ":dataset, :name, :model, :parameters, 0, 0, :turn, :key, :hash, time_of(:created), "
         "time_of(:updated))",
      soci::use(inference.id.to_string()), soci::use(inference.user.to_string()),
      soci::use(inference.dataset.id), soci::use(inference.dataset.name), soci::use(inference.model_id),
      soci::use(inference.parameters), soci::use(turn), soci::use(key.content, key.indicator),
      soci::use(inference.request_hash), soci::use(now), soci::use(now);
}

Order copy_items(Session& sql, const InferenceId& inference, const Dataset& dataset) {
  const std::string& id = inference.to_string();
  const long long image_price = credits::kImageInference.hundredths();
  const long long frame_price = credits::kFrameInference.hundredths();
  change(
      sql,
      "INSERT INTO inference_items(inference_id, item_index, image_path, mask_path, image_name, type, "
      "upload_index, frame_index, frame_time, price) SELECT :id, item_index, image_path, mask_path, "
      "image_name, "
      "type, upload_index, frame_index, frame_time, CASE type WHEN 'video' THEN tokens_of(:frame_price) ELSE "
      "tokens_of(:image_price) END "
      "FROM dataset_items WHERE dataset_id = :dataset",
      id, frame_price, image_price, dataset.id);
  long long items = 0;
  long long videos = 0;
  long long price = 0;
  sql << "SELECT COUNT(*), COUNT(*) FILTER (WHERE type = 'video'), hundredths(COALESCE(SUM(price), 0)) "
         "FROM inference_items WHERE inference_id = :id",
      soci::use(id), soci::into(items), soci::into(videos), soci::into(price);
  change(sql,
         "UPDATE inferences SET item_count = :items, last_turn = turn + :items2, "
         "tokens_reserved = tokens_of(:price) WHERE id = :id",
         items, items, price, id);
  return {items, videos, Credits{price}};
}

std::optional<Submitted> find_submitted(Session& sql, const UserId& user, const std::string& key) {
  return first_of(select<InferenceRow>(
      sql, std::string(kSelectInference) + "WHERE user_id = :user AND idempotency_key = :key",
      user.to_string(), key));
}

// IS TRUE keeps PostgreSQL from looking for the id among all inferences of the user, in an index that begins
// with the user, as it does as long as it takes them for few.
std::optional<Inference> find(Session& sql, const UserId& user, const InferenceId& id) {
  return first_of(select_inferences(sql, "WHERE id = :id AND (user_id = :user) IS TRUE", id.to_string(),
                                    user.to_string()));
}

std::vector<Inference> list(Session& sql, const UserId& user, std::optional<Status> status,
                            const database::Window& window) {
  const database::Conditions conditions = conditions_of(user, status);
  return select_inferences(sql,
                           "WHERE id IN (SELECT id FROM inferences " + conditions.where() + "ORDER BY id " +
                               window.direction() + " LIMIT :limit OFFSET :offset) ORDER BY id DESC",
                           conditions, window.limit, window.offset);
}

std::int64_t count(Session& sql, const UserId& user, std::optional<Status> status) {
  const database::Conditions conditions = conditions_of(user, status);
  return select<NumberRow>(sql, "SELECT COALESCE(SUM(count), 0) FROM inference_counts " + conditions.where(),
                           conditions)
      .front();
}

std::vector<InferenceId> live_of_user(Session& sql, const UserId& user) {
  return select<IdRow>(sql,
                       "SELECT id FROM inferences WHERE user_id = :user AND status IN ('PENDING', 'RUNNING')",
                       user.to_string());
}

std::vector<Item> items(Session& sql, const InferenceId& inference) {
  return select<ItemRow>(
      sql,
      "SELECT item_index, image_path, mask_path, type, upload_index, frame_index, frame_time, "
      "status, output_path, reason FROM inference_items WHERE inference_id = :id "
      "ORDER BY item_index",
      inference.to_string());
}

std::optional<std::string> find_output_name(Session& sql, const UserId& user,
                                            const std::string& output_path) {
  struct Row {
    std::string name;
    void bind(soci::statement& statement) { statement.exchange(soci::into(name)); }
    std::string value() const { return name; }
  };
  return first_of(select<Row>(sql,
                              "SELECT image_name FROM inference_items JOIN inferences ON id = inference_id "
                              "WHERE output_path = :path AND user_id = :user AND "
                              "inferences.status = 'COMPLETED' "
                              "UNION ALL SELECT image_name FROM inference_videos AS videos "
                              "JOIN inference_items AS items ON items.inference_id = videos.inference_id "
                              "AND items.upload_index = videos.upload_index "
                              "JOIN inferences ON id = videos.inference_id "
                              "WHERE videos.output_path = :path2 AND user_id = :user2 AND "
                              "inferences.status = 'COMPLETED' LIMIT 1",
                              output_path, user.to_string(), output_path, user.to_string()));
}

std::optional<Inference> begin(Session& sql, const InferenceId& id) {
  const long long now = Timestamp::now().unix_ms;
  const bool live = change(sql,
                           "UPDATE inferences SET status = 'RUNNING', updated_at = time_of(:now) "
                           "WHERE id = :id AND status IN ('PENDING', 'RUNNING')",
                           now, id.to_string()) > 0;
  return live ? first_of(select_inferences(sql, "WHERE id = :id", id.to_string())) : std::nullopt;
}

bool is_running(Session& sql, const InferenceId& id) {
  return select<NumberRow>(sql, "SELECT COUNT(*) FROM inferences WHERE id = :id AND status = 'RUNNING'",
                           id.to_string())
             .front() > 0;
}

bool set_progress(Session& sql, const InferenceId& id, int percent) {
  const long long now = Timestamp::now().unix_ms;
  return change(sql,
                "UPDATE inferences SET updated_at = time_of(:now), progress = CASE WHEN progress < :percent "
                "THEN :percent2 ELSE progress END "
                "WHERE id = :id AND status = 'RUNNING'",
                now, percent, percent, id.to_string()) > 0;
}

bool record_done(Session& sql, const InferenceId& id, std::int64_t item, const std::string& output_path) {
  return change(sql,
                "UPDATE inference_items SET status = 'DONE', output_path = :path WHERE inference_id = :id "
                "AND item_index = :item AND status = 'PENDING' "
                "AND EXISTS(SELECT 1 FROM inferences WHERE id = :id2 AND status = 'RUNNING')",
                output_path, id.to_string(), static_cast<long long>(item), id.to_string()) > 0;
}

bool record_failed(Session& sql, const InferenceId& id, std::int64_t item, const std::string& reason) {
  return change(sql,
                "UPDATE inference_items SET status = 'FAILED', reason = :reason WHERE inference_id = :id "
                "AND item_index = :item AND status = 'PENDING' "
                "AND EXISTS(SELECT 1 FROM inferences WHERE id = :id2 AND status = 'RUNNING')",
                reason, id.to_string(), static_cast<long long>(item), id.to_string()) > 0;
}

Tally tally(Session& sql, const InferenceId& id) {
  long long pending = 0;
  long long done = 0;
  long long failed = 0;
  long long price_of_failed = 0;
  std::string first_reason;
  sql << "SELECT COUNT(*) FILTER (WHERE status = 'PENDING'), COUNT(*) FILTER (WHERE status = 'DONE'), "
         "COUNT(*) FILTER (WHERE status = 'FAILED'), "
         "hundredths(COALESCE(SUM(price) FILTER (WHERE status = 'FAILED'), 0)), COALESCE(MIN(reason), '') "
         "FROM inference_items WHERE inference_id = :id",
      soci::use(id.to_string()), soci::into(pending), soci::into(done), soci::into(failed),
      soci::into(price_of_failed), soci::into(first_reason);
  return {pending, done, failed, Credits{price_of_failed}, first_reason};
}

bool end(Session& sql, const InferenceId& id, Status status, std::optional<Credits> refunded,
         const std::optional<std::string>& error) {
  const std::string text(to_string(status));
  Nullable<long long> amount(refunded ? std::optional<long long>(refunded->hundredths()) : std::nullopt);
  Nullable<std::string> sentence(error);
  const long long now = Timestamp::now().unix_ms;
  std::string ended;
  sql << "UPDATE inferences SET status = :status, tokens_refunded = COALESCE(tokens_of(:refunded), "
         "tokens_reserved), "
         "error = :error, progress = CASE :status2 WHEN 'COMPLETED' THEN 100 ELSE progress END, "
         "updated_at = time_of(:now) WHERE id = :id AND status IN ('PENDING', 'RUNNING') RETURNING id",
      soci::use(text), soci::use(amount.content, amount.indicator),
      soci::use(sentence.content, sentence.indicator), soci::use(text), soci::use(now),
      soci::use(id.to_string()), soci::into(ended);
  return sql.got_data();
}

void add_ring(Session& sql, const InferenceId& inference) {
  const long long now = Timestamp::now().unix_ms;
  change(sql, "INSERT INTO outbox(inference_id, created_at) VALUES (:id, time_of(:now))",
         inference.to_string(), now);
}

std::vector<Ring> rings(Session& sql, int limit) {
  struct Row {
    long long id = 0;
    JobRow job;
    void bind(soci::statement& statement) {
      statement.exchange(soci::into(id));
      job.bind(statement);
    }
    Ring value() const { return {id, job.value()}; }
  };
  return select<Row>(sql,
                     "SELECT outbox.id, inference_id, COALESCE(turn, 0) FROM outbox LEFT JOIN inferences "
                     "ON inferences.id = inference_id ORDER BY outbox.id LIMIT :limit",
                     limit);
}

void remove_ring(Session& sql, std::int64_t id) {
  change(sql, "DELETE FROM outbox WHERE id = :id", static_cast<long long>(id));
}

void remove_rings_of(Session& sql, const InferenceId& inference) {
  change(sql, "DELETE FROM outbox WHERE inference_id = :id", inference.to_string());
}

std::vector<queue::Job> silent_since(Session& sql, Timestamp before) {
  const long long limit = before.unix_ms;
  return select<JobRow>(sql,
                        "SELECT id, turn FROM inferences WHERE status IN ('PENDING', 'RUNNING') AND "
                        "updated_at < time_of(:before) AND id NOT IN (SELECT inference_id FROM outbox)",
                        limit);
}

std::vector<OpenReservation> reservations_of_ended(Session& sql) {
  struct Row {
    std::string id;
    std::string status;
    long long refunded = 0;
    void bind(soci::statement& statement) {
      statement.exchange(soci::into(id));
      statement.exchange(soci::into(status));
      statement.exchange(soci::into(refunded));
    }
    OpenReservation value() const { return {to_id(id), to_status(status), Credits{refunded}}; }
  };
  return select<Row>(sql,
                     "SELECT inferences.id, inferences.status, hundredths(inferences.tokens_refunded) "
                     "FROM token_transactions AS entries JOIN inferences ON inferences.id = "
                     "entries.operation_id WHERE entries.status = 'pending' AND "
                     "inferences.status NOT IN ('PENDING', 'RUNNING')");
}

}  // namespace inpaint::inferences::repository
