#include "inferences/blackbox_backend.h"

#include "base/error.h"
#include "base/log.h"
#include "client/backoff.h"

namespace inpaint::inferences {
namespace {

namespace fs = std::filesystem;
using http::Json;
using std::chrono::steady_clock;

constexpr int kFailuresUntilOpen = 5;
constexpr int kTriesOfOnePicture = 3;
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{5'000};
constexpr std::chrono::milliseconds kHealthTimeout{5'000};
constexpr std::size_t kMaximumLogged = 300;

Error unavailable() {
  return {ErrorKind::kUnavailable, "BLACKBOX_UNAVAILABLE", "The inference engine does not answer."};
}

// The black box's own words may name what is inside it: they are for the log.
Error refused(const std::string& reason) {
  log::warn("inferences", "the inference engine refuses a picture",
            {{"reason", std::string_view(reason).substr(0, kMaximumLogged)}});
  return invalid("PICTURE_REFUSED", "The inference engine could not work on this picture.");
}

void throw_if(const engine::CancelToken& cancel) {
  if (cancel.cancelled()) throw conflict("CANCELLED", "The inference was cancelled.");
}

// The files of one picture, for as long as the black box works on it.
struct Handover {
  explicit Handover(const storage::TemporaryArea& area)
      : image(area.new_path(".png")), mask(area.new_path("_mask.png")) {}
  storage::TemporaryFile image;
  storage::TemporaryFile mask;
};

Json parameters_of(const Task& task) {
  Json parameters = to_json(task.parameters);
  parameters["modelId"] = task.model_id;
  return parameters;
}

// Whether it is an answer of a black box at all: {"success": …}.
bool is_answer(const Json& body) {
  const auto success = body.is_object() ? body.find("success") : body.end();
  return success != body.end() && success->is_boolean();
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Where the result of the only picture is, as the black box says.
std::string output_path(const Json& answer, const std::string& original) {
  const auto images = answer.find("images");
  if (answer["success"].get<bool>() && images != answer.end() && images->is_array()) {
    for (const Json& image : *images) {
      if (text_of(image, "originalPath") == original) return text_of(image, "outputPath");
    }
  }
  const std::string error = text_of(answer, "error");
  throw refused(error.empty() ? "it gave no result and no reason" : error);
}

std::string url_host(const std::string& host) {
  const bool is_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return is_ipv6 ? "[" + host + "]" : host;
}

}  // namespace

BlackboxBackend::BlackboxBackend(BlackboxOptions options, const media::Limits& limits,
                                 media::MemoryBudget& memory)
    : options_(std::move(options)),
      limits_(limits),
      memory_(memory),
      shared_(options_.directory),
      area_(shared_.root() / "blackbox"),
      breaker_("the inference engine", kFailuresUntilOpen, options_.cool_down) {}

void BlackboxBackend::process(const Task& task, const engine::Progress& progress,
                              const engine::CancelToken& cancel) const {
  progress(0);
  const Handover files(area_);
  const media::ImageInfo original = media::read_header(task.image, limits_);
  {
    const auto lease = memory_.take(media::decoded_bytes(original), cancel);
    media::write_png(files.image.path(), media::read_image(task.image, limits_));
  }
  fs::copy_file(task.mask, files.mask.path());
  const std::string image = shared_.name_of(files.image.path());
  const Json pair{{"imagePath", image}, {"maskPath", shared_.name_of(files.mask.path())}, {"uploadIndex", 0}};
  const Json order{{"userId", task.user_id},
                   {"data", {{"type", "image"}, {"pairs", Json::array({pair})}}},
                   {"parameters", parameters_of(task)}};
  const std::string output = output_path(ask(order.dump(), cancel), image);
  try {
    const fs::path made = shared_.find(output);
    const auto lease = memory_.take(media::decoded_bytes(media::read_header(made, limits_)), cancel);
    take_result(made, original, task);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInvalid && error.kind() != ErrorKind::kNotFound) throw;
    throw refused(std::string("its result can't be used: ") + error.what());
  }
}

Json BlackboxBackend::ask(const std::string& order, const engine::CancelToken& cancel) const {
  const auto end = steady_clock::now() + options_.patience;
  client::Backoff backoff(kFirstPause, kLongestPause);
  client::Request post = request("/process-dataset", cancel);
  post.method = "POST";
  post.headers = {"Content-Type: application/json"};
  post.body = order;
  post.timeout = options_.timeout;
  for (int breakdowns = 0;;) {
    wait_for_turn(end, cancel);
    std::string trouble;
    try {
      const client::Answer answer = client_.perform(post);
      Json body = Json::parse(answer.body, nullptr, false);
      if (is_answer(body)) {
        breaker_.succeeded();
        return body;
      }
      trouble = "status " + std::to_string(answer.status) + " without an answer of a black box";
      if (answer.status == 500 && ++breakdowns == kTriesOfOnePicture && is_healthy(cancel)) {
        breaker_.succeeded();
        throw refused(trouble);
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUnavailable) throw;
      trouble = error.what();
    }
    breaker_.failed(steady_clock::now());
    log::warn("inferences", "the inference engine did not answer", {{"reason", trouble}});
    const auto pause = backoff.next();
    if (steady_clock::now() + pause > end) throw unavailable();
    client::pause(pause, [&] { return cancel.cancelled(); });
  }
}

void BlackboxBackend::wait_for_turn(steady_clock::time_point end, const engine::CancelToken& cancel) const {
  for (;;) {
    throw_if(cancel);
    const auto wait = breaker_.ask(steady_clock::now());
    if (wait.count() == 0) return;
    if (steady_clock::now() + wait > end) throw unavailable();
    client::pause(wait, [&] { return cancel.cancelled(); });
  }
}

client::Request BlackboxBackend::request(std::string path, const engine::CancelToken& cancel) const {
  client::Request request;
  request.url = "http://" + url_host(options_.host) + ":" + std::to_string(options_.port) + std::move(path);
  request.is_cancelled = [&cancel] { return cancel.cancelled(); };
  return request;
}

bool BlackboxBackend::is_healthy(const engine::CancelToken& cancel) const {
  client::Request get = request("/health", cancel);
  get.timeout = kHealthTimeout;
  const client::Answer answer = client_.perform(get);
  return answer.is_success() && text_of(Json::parse(answer.body, nullptr, false), "status") == "healthy";
}

void BlackboxBackend::take_result(const fs::path& made, const media::ImageInfo& original,
                                  const Task& task) const {
  const engine::Image result = media::read_image(made, limits_);
  if (result.width() != original.width || result.height() != original.height) {
    throw invalid("BAD_RESULT", "It has another size.");
  }
  const bool is_png = media::detect_format(made) == media::ImageFormat::kPng;
  if (is_png == (task.parameters.output_format == OutputFormat::kPng)) {
    fs::copy_file(made, task.output, fs::copy_options::overwrite_existing);
  } else {
    write_picture(task.output, result, task.parameters.output_format);
  }
  std::error_code ignored;  // where the black box runs as somebody else, its files are its own to remove
  fs::remove(made, ignored);
}

}  // namespace inpaint::inferences
