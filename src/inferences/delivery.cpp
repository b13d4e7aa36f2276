#include "inferences/delivery.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "inferences/repository.h"
#include "inferences/settlement.h"
#include "inferences/supervisor.h"
#include "inferences/turn_repository.h"
#include "inferences/video_assembly.h"
#include "inferences/video_repository.h"

namespace inpaint::inferences {
namespace {

using database::Session;
using Verdict = Supervisor::Verdict;

constexpr int kHeartbeatsPerLease = 3;
constexpr auto kGivenUp = "The inference failed again and again; its tokens were given back.";

// Whether it is the picture's own fault: trying again can't help.
bool is_fault_of_item(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::kInvalid:
    case ErrorKind::kTooLarge:
    case ErrorKind::kUnsupportedType:
    case ErrorKind::kNotFound:
      return true;
    default:
      return false;
  }
}

// Frames are kept as JPEG until their video is made, which loses more than they do.
OutputFormat picture_format(const Item& item, OutputFormat wanted) {
  if (item.type == ItemType::kVideo) return OutputFormat::kJpeg;
  return wanted == OutputFormat::kMp4 ? OutputFormat::kPng : wanted;
}

class Delivery {
 public:
  Delivery(const Workshop& workshop, const queue::LeasedJob& job, const Inference& inference,
           const std::stop_token& shutdown)
      : workshop_(workshop),
        id_(job.id),
        model_id_(inference.model_id),
        user_id_(inference.user_id),
        parameters_(parse_stored_parameters(inference.parameters)),
        turn_(inference.turn),
        supervisor_(workshop.database, workshop.queue, job, workshop.delivery.lease / kHeartbeatsPerLease,
                    shutdown) {}

  // Works on what is not done yet; kGoOn when nothing is left.
  Verdict work_on_everything();

  // Of the next item.
  std::int64_t turn() const { return turn_; }

 private:
  void work_on_items();
  bool must_give_way();
  void work_on(const Item& item, std::size_t position, std::size_t count);
  std::string make_result(const Item& item, const engine::Progress& progress);
  void make_videos();
  void make_video(const Video& video, std::span<const Item> frames);
  void remove_frames(std::span<const Item> frames) noexcept;
  std::string key(const std::string& name) const { return "results/" + id_.to_string() + "/" + name; }
  // The same item gets the same key at every attempt, so that none leaves a blob of its own behind.
  std::string result_key(const Item& item, OutputFormat format) const {
    return key(std::to_string(item.index) + "." + std::string(extension(format)));
  }

  const Workshop& workshop_;
  const InferenceId id_;
  const std::string model_id_;
  const std::string user_id_;
  const Parameters parameters_;
  std::int64_t turn_;
  std::chrono::steady_clock::time_point slice_begin_ = std::chrono::steady_clock::now();
  Supervisor supervisor_;
};

Verdict Delivery::work_on_everything() {
  try {
    work_on_items();
    if (supervisor_.verdict() == Verdict::kGoOn) make_videos();
  } catch (const std::exception&) {
    // What was cancelled may fail in many ways; only why it was cancelled counts.
    if (supervisor_.verdict() == Verdict::kGoOn) throw;
  }
  return supervisor_.verdict();
}

void Delivery::work_on_items() {
  const std::vector<Item> items =
      workshop_.database.read([&](Session& sql) { return repository::items(sql, id_); });
  for (std::size_t position = 0; position < items.size(); ++position) {
    if (items[position].status != ItemStatus::kPending) continue;
    if (must_give_way()) return supervisor_.give_way();
    work_on(items[position], position, items.size());
    if (supervisor_.verdict() != Verdict::kGoOn) return;
    ++turn_;
  }
}

bool Delivery::must_give_way() {
  const auto now = std::chrono::steady_clock::now();
  if (now - slice_begin_ < workshop_.slice) return false;
  slice_begin_ = now;
  workshop_.database.transaction([&](Session& sql) { repository::set_turn(sql, id_, turn_); });
  try {
    return workshop_.queue.has_due_before(turn_);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnavailable) throw;
    return false;  // a queue that is down has no work for anybody
  }
}

void Delivery::work_on(const Item& item, std::size_t position, std::size_t count) {
  const auto progress = [&](double fraction) {
    supervisor_.report((static_cast<double>(position) + fraction) / static_cast<double>(count));
  };
  progress(0);
  std::string output_path;
  std::string reason;
  try {
    output_path = make_result(item, progress);
  } catch (const Error& error) {
    if (!is_fault_of_item(error)) throw;
    reason = error.what();
  }
  if (supervisor_.verdict() != Verdict::kGoOn) return;
  const bool recorded = workshop_.database.transaction([&](Session& sql) {
    return output_path.empty() ? repository::record_failed(sql, id_, item.index, reason)
                               : repository::record_done(sql, id_, item.index, output_path);
  });
  if (!recorded) supervisor_.notice_end();
}

std::string Delivery::make_result(const Item& item, const engine::Progress& progress) {
  Parameters parameters = parameters_;
  parameters.output_format = picture_format(item, parameters_.output_format);
  std::string result = result_key(item, parameters.output_format);
  const storage::TemporaryFile output(
      workshop_.temporary.new_path("." + std::string(extension(parameters.output_format))));
  const auto image = workshop_.storage.open_file(item.image_path);
  const auto mask = workshop_.storage.open_file(item.mask_path);
  workshop_.backend.process({*image, *mask, model_id_, parameters, output.path(), user_id_}, progress,
                            supervisor_.cancel());
  workshop_.storage.put_file(result, output.path());
  return result;
}

// What an earlier delivery made is not made again.
void Delivery::make_videos() {
  const auto [items, videos] = workshop_.database.read(
      [&](Session& sql) { return std::pair(repository::items(sql, id_), repository::videos(sql, id_)); });
  for (const Video& video : videos) {
    std::vector<Item> frames;
    std::copy_if(items.begin(), items.end(), std::back_inserter(frames),
                 [&](const Item& item) { return item.upload_index == video.upload_index; });
    const bool any = std::any_of(frames.begin(), frames.end(),
                                 [](const Item& frame) { return frame.status == ItemStatus::kDone; });
    if (any && !video.output_path) make_video(video, frames);
    if (supervisor_.verdict() != Verdict::kGoOn) return;
    remove_frames(frames);  // also those of an earlier delivery that died before it came to it
  }
}

void Delivery::make_video(const Video& video, std::span<const Item> frames) {
  const storage::TemporaryFile output(workshop_.temporary.new_path(".mp4"));
  assemble_video(video, frames, workshop_.storage, output.path(), supervisor_.cancel());
  const std::string result = key("video-" + std::to_string(video.upload_index) + ".mp4");
  workshop_.storage.put_file(result, output.path());
  const bool recorded = workshop_.database.transaction(
      [&](Session& sql) { return repository::record_video(sql, id_, video.upload_index, result); });
  if (!recorded) supervisor_.notice_end();
}

void Delivery::remove_frames(std::span<const Item> frames) noexcept {
  try {
    for (const Item& frame : frames) {
      if (frame.status == ItemStatus::kDone) workshop_.storage.remove(result_key(frame, OutputFormat::kJpeg));
    }
  } catch (const std::exception& error) {
    log::warn("inferences", "the frames of a video stay until they are swept", {{"reason", error.what()}});
  }
}

void log_end(Status status) {
  log::info("inferences", "inference ended", {{"status", to_string(status)}});
}

void settle_failed(const Workshop& workshop, const queue::LeasedJob& job, const std::string& reason) {
  const bool failed =
      workshop.database.transaction([&](Session& sql) { return settlement::fail(sql, job.id, reason); });
  if (failed) log_end(Status::kFailed);
}

void settle_completed(const Workshop& workshop, const queue::LeasedJob& job) {
  const std::optional<Status> status =
      workshop.database.transaction([&](Session& sql) { return settlement::complete(sql, job.id); });
  if (status) log_end(*status);
}

bool try_to_deliver(const Workshop& workshop, const queue::LeasedJob& job, const std::stop_token& shutdown) {
  if (job.attempt > workshop.delivery.maximum_attempts) {
    settle_failed(workshop, job, kGivenUp);
    return true;
  }
  const std::optional<Inference> inference =
      workshop.database.transaction([&](Session& sql) { return repository::begin(sql, job.id); });
  if (!inference) return true;  // it has ended, or its row is gone

  Delivery delivery(workshop, job, *inference, shutdown);
  switch (delivery.work_on_everything()) {
    case Verdict::kGoOn:
      settle_completed(workshop, job);
      return true;
    case Verdict::kEnded:
      return true;
    case Verdict::kGiveWay:
    case Verdict::kShutdown:
      workshop.queue.release(job, delivery.turn());
      return false;
    case Verdict::kLeaseLost:
      return false;  // somebody else has the job
  }
  return false;
}

// What the user is told: that something was not there may be said, what broke inside may not.
std::string reason_of(const std::exception& failure) {
  const auto* error = dynamic_cast<const Error*>(&failure);
  if (error == nullptr || error->kind() != ErrorKind::kUnavailable) return kGivenUp;
  return std::string(error->what()) + " The inference was given up, its tokens were given back.";
}

void try_later(const Workshop& workshop, const queue::LeasedJob& job, const std::exception& failure) {
  const std::string reason = failure.what();
  const bool given_up = workshop.queue.fail(job, reason) == queue::FailOutcome::kGivenUp;
  log::error("inferences", given_up ? "an inference is given up" : "an inference will be tried again",
             {{"reason", reason}});
  if (given_up) settle_failed(workshop, job, reason_of(failure));
}

}  // namespace

bool deliver(const Workshop& workshop, const queue::LeasedJob& job,
             const std::stop_token& shutdown) noexcept {
  log::Context context;
  context.set("inference", job.id.to_string());
  context.set("attempt", std::to_string(job.attempt));
  const log::Scope scope(context);
  try {
    try {
      return try_to_deliver(workshop, job, shutdown);
    } catch (const std::exception& error) {
      try_later(workshop, job, error);
    }
  } catch (const std::exception& error) {
    // The lease runs out and the job is delivered again.
    log::error("inferences", "a delivery ended without an answer to the queue",
               {{"reason", std::string(error.what())}});
  }
  return false;
}

}  // namespace inpaint::inferences
