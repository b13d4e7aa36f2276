#include "inferences/blackbox_routes.h"

#include <algorithm>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "http/json.h"
#include "media/media.h"
#include "media/video_writer.h"
#include "storage/temporary_area.h"

namespace inpaint::inferences {
namespace {

namespace fs = std::filesystem;
using http::Json;
using http::Request;
using http::Response;

constexpr int kMembersOfPair = 4;
constexpr int kMembersBeside = 1000;
constexpr std::size_t kMaximumPath = 1024;

struct Pair {
  std::string image_path;
  std::string mask_path;
  std::optional<std::int64_t> frame_index;  // of a frame
  std::int64_t upload_index = 0;
};

struct Order {
  std::vector<Pair> pairs;
  std::string model_id = "default_inpainting";
  Parameters parameters;
};

// A whole number from 0, or nothing where there is none.
std::optional<std::int64_t> index_of(const Json& pair, const char* name, http::Validator& validator) {
  const auto given = pair.find(name);
  if (given == pair.end() || given->is_null()) return std::nullopt;
  if (given->is_number_unsigned() && given->get<std::uint64_t>() <= INT32_MAX)
    return given->get<std::int64_t>();
  validator.fail(name, "must be a whole number from 0");
  return std::nullopt;
}

Pair parse_pair(const Json& pair, std::int64_t position, bool is_video) {
  if (!pair.is_object()) throw invalid("VALIDATION_ERROR", "Each of data.pairs must be an object.");
  http::Validator validator(pair);
  Pair parsed{validator.required_text("imagePath", kMaximumPath),
              validator.required_text("maskPath", kMaximumPath), index_of(pair, "frameIndex", validator),
              index_of(pair, "uploadIndex", validator).value_or(is_video ? 0 : position)};
  if (is_video && !parsed.frame_index) parsed.frame_index = position;
  validator.throw_if_failed();
  return parsed;
}

void parse_parameters_of(const Json& body, Order& order) {
  const auto given = body.find("parameters");
  if (given == body.end() || given->is_null()) return;
  Json parameters = *given;
  if (parameters.is_object() && parameters.contains("modelId")) {
    if (!parameters["modelId"].is_string() || !engine::is_model(parameters["modelId"].get<std::string>())) {
      throw invalid("VALIDATION_ERROR", "There is no such model.");
    }
    order.model_id = parameters["modelId"].get<std::string>();
    parameters.erase("modelId");
  }
  std::vector<ErrorDetail> failures;
  order.parameters = parse_parameters(parameters, failures);
  if (failures.empty()) return;
  throw invalid("VALIDATION_ERROR", failures.front().field + " " + failures.front().message + ".");
}

// Whose order it is makes no difference here; above all it is never part of a path.
Order parse_order(const Request& request) {
  const Json body =
      http::parse_object(request, kMembersBeside + kMembersOfPair * static_cast<int>(kMaximumBlackboxPairs));
  const auto data = body.find("data");
  const auto pairs = data == body.end() || !data->is_object() ? body.end() : data->find("pairs");
  const bool has_pairs = data != body.end() && data->is_object() && pairs != data->end() &&
                         pairs->is_array() && !pairs->empty() && pairs->size() <= kMaximumBlackboxPairs;
  if (!has_pairs) {
    throw invalid("VALIDATION_ERROR",
                  "data.pairs must be a list of 1 to " + std::to_string(kMaximumBlackboxPairs) + " pairs.");
  }
  const bool is_video = data->contains("type") && (*data)["type"] == "video";
  Order order;
  for (const Json& pair : *pairs) {
    order.pairs.push_back(parse_pair(pair, static_cast<std::int64_t>(order.pairs.size()), is_video));
  }
  parse_parameters_of(body, order);
  return order;
}

// Works on one order.
class Run {
 public:
  Run(const Order& order, const Backend& backend, const SharedDirectory& shared,
      const engine::CancelToken& cancel)
      : order_(order),
        backend_(backend),
        shared_(shared),
        cancel_(cancel),
        directory_(shared.root() / "results"),
        name_(Uuid::make().to_string() + "-") {}

  Json work();

 private:
  void inpaint(const Pair& pair, OutputFormat format, const fs::path& output);
  void make_image(const Pair& pair);
  void make_video(std::int64_t upload_index, std::vector<const Pair*> frames);
  template <typename Work>
  bool try_to(const std::string& path, const Work& work);

  const Order& order_;
  const Backend& backend_;
  const SharedDirectory& shared_;
  const engine::CancelToken& cancel_;
  const fs::path directory_;
  const std::string name_;  // with which those of this order begin
  Json images_ = Json::array();
  Json videos_ = Json::array();
  Json failed_ = Json::array();
};

Json Run::work() {
  fs::create_directories(directory_);
  std::map<std::int64_t, std::vector<const Pair*>> videos;
  for (const Pair& pair : order_.pairs) {
    if (pair.frame_index) {
      videos[pair.upload_index].push_back(&pair);
    } else {
      try_to(pair.image_path, [&] { make_image(pair); });
    }
  }
  for (const auto& video : videos) {
    try_to(video.second.front()->image_path, [&] { make_video(video.first, video.second); });
  }
  const bool success = !images_.empty() || !videos_.empty();
  Json answer{{"success", success}, {"images", images_}, {"videos", videos_}, {"failed", failed_}};
  if (!failed_.empty()) answer["error"] = failed_.front()["reason"];
  return answer;
}

// False when it failed; then it is told.
template <typename Work>
bool Run::try_to(const std::string& path, const Work& work) {
  std::string reason;
  try {
    work();
    return true;
  } catch (const Error& error) {
    if (error.code() == "CANCELLED") throw;
    reason = error.kind() == ErrorKind::kInternal ? "It could not be worked on." : error.what();
    if (error.kind() == ErrorKind::kInternal) log::error("errors", error.what());
  }
  failed_.push_back({{"path", path}, {"reason", reason}});
  return false;
}

void Run::inpaint(const Pair& pair, OutputFormat format, const fs::path& output) {
  Parameters parameters = order_.parameters;
  parameters.output_format = format;
  backend_.process(
      {shared_.find(pair.image_path), shared_.find(pair.mask_path), order_.model_id, parameters, output, ""},
      [](double) {}, cancel_);
}

void Run::make_image(const Pair& pair) {
  const OutputFormat wanted = order_.parameters.output_format;
  const OutputFormat format = wanted == OutputFormat::kMp4 ? OutputFormat::kPng : wanted;
  const fs::path output =
      directory_ / (name_ + std::to_string(images_.size()) + "." + std::string(extension(format)));
  inpaint(pair, format, output);
  images_.push_back({{"originalPath", pair.image_path}, {"outputPath", shared_.name_of(output)}});
}

// A frame that fails is left out, and the one before it is shown for longer.
void Run::make_video(std::int64_t upload_index, std::vector<const Pair*> frames) {
  std::ranges::stable_sort(frames, {}, [](const Pair* frame) { return *frame->frame_index; });
  const storage::TemporaryFile picture(directory_ /
                                       (name_ + "frame-" + std::to_string(upload_index) + ".jpg"));
  const fs::path output = directory_ / (name_ + "video-" + std::to_string(upload_index) + ".mp4");
  std::unique_ptr<media::VideoWriter> writer;
  std::optional<engine::Image> shown;
  std::int64_t shown_from = 0;
  const auto count = static_cast<std::int64_t>(frames.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const Pair& frame = *frames[static_cast<std::size_t>(i)];
    const bool done = try_to(frame.image_path, [&] { inpaint(frame, OutputFormat::kJpeg, picture.path()); });
    if (!done) continue;
    engine::Image image = media::read_image(picture.path(), media::Limits{});
    if (!writer) {
      writer = std::make_unique<media::VideoWriter>(
          output, media::VideoShape{image.width(), image.height(), {1, 1}, {1, 1}}, std::nullopt);
    }
    if (shown) {
      writer->add(*shown, shown_from, i - shown_from);
      shown_from = i;
    }
    shown = std::move(image);
  }
  if (!shown) return;  // each of its frames is told to have failed
  writer->add(*shown, shown_from, count - shown_from);
  writer->finish();
  videos_.push_back({{"originalVideoId", upload_index}, {"outputPath", shared_.name_of(output)}});
}

Response process_dataset(const Request& request, const Backend& backend, const SharedDirectory& shared,
                         const engine::CancelToken& cancel) {
  try {
    const Order order = parse_order(request);
    Json answer = Run(order, backend, shared, cancel).work();
    log::info("inferences", "worked on an order",
              {{"pairs", static_cast<std::int64_t>(order.pairs.size())},
               {"failed", static_cast<std::int64_t>(answer["failed"].size())}});
    return http::json_response(200, answer);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInvalid) throw;
    return http::json_response(
        400,
        {{"success", false}, {"images", Json::array()}, {"videos", Json::array()}, {"error", error.what()}});
  }
}

}  // namespace

void add_blackbox_routes(http::Router& router, const Backend& backend, const SharedDirectory& shared,
                         const engine::CancelToken& cancel) {
  router.add({.method = http::Method::kGet,
              .pattern = "/health",
              .handler =
                  [](const Request&) {
                    Response response;
                    response.body = R"({"status":"healthy"})";
                    return response;
                  },
              .run_on = http::RunOn::kNetworkThread});
  router.add({.method = http::Method::kPost,
              .pattern = "/process-dataset",
              .handler = [&](const Request& r) { return process_dataset(r, backend, shared, cancel); },
              .body = http::Body::kJson});
}

}  // namespace inpaint::inferences
