#include <array>

#include "database/schema.h"

namespace inpaint::database {
namespace {

// Amounts of tokens are BIGINT hundredths and times BIGINT milliseconds since 1970: SQLite has no exact
// decimal and no time type. STRICT tables refuse a value of the wrong type.
constexpr std::string_view kFirst[] = {
    R"(CREATE TABLE users(
         id TEXT NOT NULL PRIMARY KEY,
         name TEXT NOT NULL,
         surname TEXT NOT NULL,
         email TEXT NOT NULL UNIQUE,
         password TEXT NOT NULL,
         tokens INTEGER NOT NULL DEFAULT 0 CHECK (tokens >= 0 AND tokens <= 9999999999),
         role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
         password_changed_at INTEGER NOT NULL,
         created_at INTEGER NOT NULL,
         updated_at INTEGER NOT NULL) STRICT)",

    R"(CREATE TABLE datasets(
         id TEXT NOT NULL PRIMARY KEY,
         user_id TEXT NULL REFERENCES users(id) ON DELETE SET NULL,
         name TEXT NOT NULL,
         tags TEXT NOT NULL DEFAULT '[]',
         is_deleted INTEGER NOT NULL DEFAULT 0,
         next_upload_index INTEGER NOT NULL DEFAULT 0,
         item_count INTEGER NOT NULL DEFAULT 0,
         video_item_count INTEGER NOT NULL DEFAULT 0,
         created_at INTEGER NOT NULL,
         updated_at INTEGER NOT NULL) STRICT)",
    "CREATE UNIQUE INDEX datasets_name_unique ON datasets(user_id, name) WHERE is_deleted = 0",

    R"(CREATE TABLE dataset_items(
         id INTEGER PRIMARY KEY,
         dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
         item_index INTEGER NOT NULL,
         upload_index INTEGER NOT NULL,
         frame_index INTEGER NULL,
         type TEXT NOT NULL CHECK (type IN ('image', 'video')),
         image_path TEXT NOT NULL UNIQUE,
         mask_path TEXT NOT NULL,
         image_name TEXT NOT NULL,
         created_at INTEGER NOT NULL,
         UNIQUE (dataset_id, item_index)) STRICT)",
    "CREATE INDEX dataset_items_mask ON dataset_items(mask_path)",

    // The dataset and its items are copied into the inference: later changes and deletions of the dataset,
    // or of its owner, do not touch work that is under way or results that are there.
    R"(CREATE TABLE inferences(
         id TEXT NOT NULL PRIMARY KEY,
         user_id TEXT NULL REFERENCES users(id) ON DELETE SET NULL,
         dataset_id TEXT NULL REFERENCES datasets(id) ON DELETE SET NULL,
         dataset_name TEXT NOT NULL,
         status TEXT NOT NULL DEFAULT 'PENDING'
           CHECK (status IN ('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'ABORTED')),
         model_id TEXT NOT NULL,
         parameters TEXT NOT NULL DEFAULT '{}',
         result TEXT NULL,
         progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
         item_count INTEGER NOT NULL,
         tokens_reserved INTEGER NOT NULL,
         tokens_refunded INTEGER NOT NULL DEFAULT 0,
         error TEXT NULL,
         idempotency_key TEXT NULL,
         request_hash TEXT NULL,
         created_at INTEGER NOT NULL,
         updated_at INTEGER NOT NULL,
         UNIQUE (user_id, idempotency_key)) STRICT)",
    "CREATE INDEX inferences_of_user ON inferences(user_id, id)",
    "CREATE INDEX inferences_live ON inferences(status) WHERE status IN ('PENDING', 'RUNNING')",

    R"(CREATE TABLE inference_items(
         inference_id TEXT NOT NULL REFERENCES inferences(id) ON DELETE CASCADE,
         item_index INTEGER NOT NULL,
         image_path TEXT NOT NULL,
         mask_path TEXT NOT NULL,
         image_name TEXT NOT NULL,
         type TEXT NOT NULL CHECK (type IN ('image', 'video')),
         upload_index INTEGER NOT NULL,
         frame_index INTEGER NULL,
         price INTEGER NOT NULL,
         status TEXT NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'DONE', 'FAILED')),
         output_path TEXT NULL,
         reason TEXT NULL,
         PRIMARY KEY (inference_id, item_index)) STRICT, WITHOUT ROWID)",
    "CREATE INDEX inference_items_image ON inference_items(image_path)",
    "CREATE INDEX inference_items_mask ON inference_items(mask_path)",
    "CREATE INDEX inference_items_output ON inference_items(output_path)",

    R"(CREATE TABLE outbox(
         id INTEGER PRIMARY KEY,
         inference_id TEXT NOT NULL,
         created_at INTEGER NOT NULL) STRICT)",

    R"(CREATE TABLE queue_jobs(
         id TEXT NOT NULL PRIMARY KEY,
         state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'active', 'completed', 'failed')),
         attempts INTEGER NOT NULL DEFAULT 0,
         available_at INTEGER NOT NULL,
         lease TEXT NULL,
         lease_until INTEGER NULL,
         error TEXT NULL,
         created_at INTEGER NOT NULL,
         finished_at INTEGER NULL) STRICT, WITHOUT ROWID)",
    "CREATE INDEX queue_jobs_due ON queue_jobs(state, available_at)",
    "CREATE INDEX queue_jobs_finished ON queue_jobs(finished_at) WHERE finished_at IS NOT NULL",

    // No foreign key to users: the audit trail outlives the account. `sequence` is the order in which the
    // rows of one user were written.
    R"(CREATE TABLE token_transactions(
         sequence INTEGER PRIMARY KEY AUTOINCREMENT,
         id TEXT NOT NULL UNIQUE,
         user_id TEXT NOT NULL,
         operation_type TEXT NOT NULL
           CHECK (operation_type IN ('registration', 'upload', 'inference', 'refund', 'recharge')),
         operation_id TEXT NOT NULL,
         amount INTEGER NOT NULL,
         balance_before INTEGER NOT NULL,
         balance_after INTEGER NOT NULL CHECK (balance_after = balance_before + amount AND balance_after >= 0),
         status TEXT NOT NULL CHECK (status IN ('pending', 'completed', 'refunded')),
         description TEXT NOT NULL,
         created_at INTEGER NOT NULL,
         UNIQUE (operation_type, operation_id)) STRICT)",
    "CREATE INDEX token_transactions_of_user ON token_transactions(user_id, sequence)",
    "CREATE INDEX token_transactions_pending ON token_transactions(status) WHERE status = 'pending'",
};

// Times of frames count units of the video's time base, which is a fraction of a second.
constexpr std::string_view kVideos[] = {
    "ALTER TABLE dataset_items ADD COLUMN frame_time INTEGER NULL",
    R"(CREATE TABLE dataset_videos(
         dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
         upload_index INTEGER NOT NULL,
         time_base_numerator INTEGER NOT NULL,
         time_base_denominator INTEGER NOT NULL,
         end_time INTEGER NOT NULL,
         source_path TEXT NULL,
         PRIMARY KEY (dataset_id, upload_index)) STRICT, WITHOUT ROWID)",
    "CREATE INDEX dataset_videos_source ON dataset_videos(source_path)",

    "ALTER TABLE inference_items ADD COLUMN frame_time INTEGER NULL",
    R"(CREATE TABLE inference_videos(
         inference_id TEXT NOT NULL REFERENCES inferences(id) ON DELETE CASCADE,
         upload_index INTEGER NOT NULL,
         time_base_numerator INTEGER NOT NULL,
         time_base_denominator INTEGER NOT NULL,
         end_time INTEGER NOT NULL,
         source_path TEXT NULL,
         output_path TEXT NULL,
         PRIMARY KEY (inference_id, upload_index)) STRICT, WITHOUT ROWID)",
    "CREATE INDEX inference_videos_source ON inference_videos(source_path)",
    "CREATE INDEX inference_videos_output ON inference_videos(output_path)",
};

// Lists of a user's datasets, deleted ones too, and the data of a dataset as the black box takes it.
constexpr std::string_view kDatasetLists[] = {
    "DROP INDEX datasets_name_unique",
    "CREATE UNIQUE INDEX datasets_name_unique ON datasets(user_id, name) WHERE NOT is_deleted",
    "CREATE INDEX datasets_of_user ON datasets(user_id, id)",
    R"(CREATE VIEW datasets_with_data AS
         SELECT datasets.*, json_object(
           'type', CASE WHEN video_item_count = 0 AND item_count = 0 THEN NULL
                        WHEN video_item_count = 0 THEN 'image'
                        WHEN video_item_count = item_count THEN 'video' ELSE 'mixed' END,
           'pairs', (SELECT json_group_array(json(pair)) FROM
             (SELECT json_object('imagePath', image_path, 'maskPath', mask_path, 'type', type,
                                 'frameIndex', frame_index, 'uploadIndex', upload_index) AS pair
              FROM dataset_items WHERE dataset_id = datasets.id ORDER BY item_index))) AS data
         FROM datasets)",
};

// Who an account was, what administrators did, which processes work; and counts that are kept where the
// rows change, so that a page of a million rows costs what a page of ten does.
constexpr std::string_view kAuditWorkersAndCounts[] = {
    // Ledger rows outlive the account, and an auditor has to know whose they are.
    R"(CREATE TABLE deleted_users(
         id TEXT NOT NULL PRIMARY KEY,
         email TEXT NOT NULL,
         deleted_at INTEGER NOT NULL) STRICT, WITHOUT ROWID)",
    "CREATE INDEX deleted_users_email ON deleted_users(email)",

    R"(CREATE TABLE audit(
         sequence INTEGER PRIMARY KEY AUTOINCREMENT,
         actor_id TEXT NOT NULL,
         actor_email TEXT NOT NULL,
         action TEXT NOT NULL,
         subject_id TEXT NULL,
         subject_email TEXT NULL,
         details TEXT NOT NULL,
         created_at INTEGER NOT NULL) STRICT)",

    R"(CREATE TABLE workers(
         id TEXT NOT NULL PRIMARY KEY,
         host TEXT NOT NULL,
         process_id INTEGER NOT NULL,
         concurrency INTEGER NOT NULL,
         busy INTEGER NOT NULL,
         started_at INTEGER NOT NULL,
         seen_at INTEGER NOT NULL) STRICT, WITHOUT ROWID)",

    "DROP INDEX datasets_of_user",
    "CREATE INDEX datasets_of_user ON datasets(user_id, id, is_deleted)",
    "CREATE INDEX datasets_listed ON datasets(id, is_deleted)",
    "CREATE INDEX inferences_of_user_by_status ON inferences(user_id, status, id)",
    "CREATE INDEX token_transactions_by_type ON token_transactions(operation_type, sequence)",
    "CREATE INDEX token_transactions_by_status ON token_transactions(status, sequence)",
    "CREATE INDEX token_transactions_by_time ON token_transactions(created_at, sequence)",

    R"(CREATE TABLE inference_counts(
         user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
         status TEXT NOT NULL,
         count INTEGER NOT NULL,
         PRIMARY KEY (user_id, status)) STRICT, WITHOUT ROWID)",
    R"(INSERT INTO inference_counts SELECT user_id, status, COUNT(*) FROM inferences
         WHERE user_id IS NOT NULL GROUP BY user_id, status)",
    R"(CREATE TRIGGER inference_counted AFTER INSERT ON inferences WHEN NEW.user_id IS NOT NULL BEGIN
         INSERT INTO inference_counts VALUES (NEW.user_id, NEW.status, 1)
           ON CONFLICT (user_id, status) DO UPDATE SET count = count + 1;
       END)",
    R"(CREATE TRIGGER inference_recounted AFTER UPDATE OF status ON inferences
       WHEN NEW.user_id IS NOT NULL AND NEW.status <> OLD.status BEGIN
         UPDATE inference_counts SET count = count - 1 WHERE user_id = OLD.user_id AND status = OLD.status;
         INSERT INTO inference_counts VALUES (NEW.user_id, NEW.status, 1)
           ON CONFLICT (user_id, status) DO UPDATE SET count = count + 1;
       END)",

    // Sixteen rows for each sum, by the last digit of the user's id: where rows are locked, sixteen users can
    // be booked at a time. Ledger rows never go, and nothing but their status changes.
    R"(CREATE TABLE transaction_totals(
         shard TEXT NOT NULL,
         operation_type TEXT NOT NULL,
         status TEXT NOT NULL,
         count INTEGER NOT NULL,
         amount INTEGER NOT NULL,
         PRIMARY KEY (shard, operation_type, status)) STRICT, WITHOUT ROWID)",
    R"(INSERT INTO transaction_totals SELECT substr(user_id, -1), operation_type, status, COUNT(*),
         SUM(amount) FROM token_transactions GROUP BY substr(user_id, -1), operation_type, status)",
    R"(CREATE TRIGGER transaction_totalled AFTER INSERT ON token_transactions BEGIN
         INSERT INTO transaction_totals
           VALUES (substr(NEW.user_id, -1), NEW.operation_type, NEW.status, 1, NEW.amount)
           ON CONFLICT (shard, operation_type, status)
           DO UPDATE SET count = count + 1, amount = amount + excluded.amount;
       END)",
    R"(CREATE TRIGGER transaction_totalled_anew AFTER UPDATE OF status ON token_transactions
       WHEN NEW.status <> OLD.status BEGIN
         UPDATE transaction_totals SET count = count - 1, amount = amount - OLD.amount
           WHERE shard = substr(OLD.user_id, -1) AND operation_type = OLD.operation_type
           AND status = OLD.status;
         INSERT INTO transaction_totals
           VALUES (substr(NEW.user_id, -1), NEW.operation_type, NEW.status, 1, NEW.amount)
           ON CONFLICT (shard, operation_type, status)
           DO UPDATE SET count = count + 1, amount = amount + excluded.amount;
       END)",
};

// Width by height of a video's pixels, as players are to show them.
constexpr std::string_view kPixelAspects[] = {
    "ALTER TABLE dataset_videos ADD COLUMN pixel_aspect_numerator INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE dataset_videos ADD COLUMN pixel_aspect_denominator INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE inference_videos ADD COLUMN pixel_aspect_numerator INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE inference_videos ADD COLUMN pixel_aspect_denominator INTEGER NOT NULL DEFAULT 1",
};

// Fair turns: see inferences/turns.h. A job of the queue has the turn of its inference.
constexpr std::string_view kTurns[] = {
    "ALTER TABLE inferences ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE inferences ADD COLUMN last_turn INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX inferences_live",  // the next one serves its readers too, and would not be chosen beside it
    "CREATE INDEX inferences_live_by_turn ON inferences(turn) WHERE status IN ('PENDING', 'RUNNING')",
    R"(CREATE INDEX inferences_live_of_user ON inferences(user_id, last_turn)
         WHERE status IN ('PENDING', 'RUNNING'))",

    "ALTER TABLE queue_jobs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX queue_jobs_due",
    "CREATE INDEX queue_jobs_due ON queue_jobs(state, turn, available_at)",
    "CREATE TABLE queue_pause(paused_at INTEGER NOT NULL) STRICT",  // a row while the queue is paused
};

// Uploads that have taken longer than a moment: the files of their datasets are not swept.
constexpr std::string_view kUploadsUnderWay[] = {
    R"(CREATE TABLE uploads_under_way(
         id TEXT NOT NULL PRIMARY KEY,
         dataset_id TEXT NOT NULL,
         renewed_at INTEGER NOT NULL) STRICT)",
    "CREATE INDEX uploads_under_way_of_dataset ON uploads_under_way(dataset_id)",
};

constexpr std::string_view kPreparation[] = {
    R"(CREATE TABLE IF NOT EXISTS schema_migrations(
         version INTEGER NOT NULL PRIMARY KEY,
         applied_at INTEGER NOT NULL) STRICT)",
};
constexpr std::array kMigrations{Migration{1, kFirst},          Migration{2, kVideos},
                                 Migration{3, kDatasetLists},   Migration{4, kAuditWorkersAndCounts},
                                 Migration{5, kPixelAspects},   Migration{6, kTurns},
                                 Migration{7, kUploadsUnderWay}};
constexpr Schema kSchema{kPreparation, kMigrations};

}  // namespace

const Schema& sqlite_schema() {
  return kSchema;
}

}  // namespace inpaint::database
