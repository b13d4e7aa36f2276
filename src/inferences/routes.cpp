#include "inferences/routes.h"

#include <algorithm>
#include <filesystem>

#include "accounts/stored_file.h"
#include "accounts/user.h"
#include "base/error.h"
#include "http/json.h"
#include "inferences/status_feed.h"

namespace inpaint::inferences {
namespace {

using accounts::SignedLinks;
using http::Access;
using http::Json;
using http::Method;
using http::Request;
using http::Response;

constexpr std::size_t kMaximumDatasetName = 255;
constexpr std::size_t kMaximumModelId = 100;
constexpr std::size_t kMaximumIdempotencyKey = 255;
constexpr auto kDefaultModel = "default_inpainting";

InferenceId id_of(const Request& request, std::string_view parameter) {
  const std::optional<InferenceId> id = InferenceId::parse(request.param(parameter));
  if (!id) throw not_found("There is no such inference.");
  return *id;
}

std::optional<std::string> idempotency_key(const Request& request) {
  const auto key = request.headers.find("Idempotency-Key");
  if (!key) return std::nullopt;
  const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
  if (key->empty() || key->size() > kMaximumIdempotencyKey || !std::ranges::all_of(*key, is_visible)) {
    throw invalid("BAD_IDEMPOTENCY_KEY", "Idempotency-Key must be 1 to 255 visible ASCII characters.");
  }
  return std::string(*key);
}

std::string unknown_model() {
  std::string sentence = "There is no such model; there are:";
  for (const engine::Model& model : engine::models()) sentence.append(" ").append(model.id).append(",");
  sentence.back() = '.';
  return sentence;
}

Service::Submission parse_submission(const Request& request) {
  const Json body = http::parse_object(request);
  http::Validator validator(body);
  Service::Submission submission;
  submission.dataset = validator.required_text("datasetName", kMaximumDatasetName);
  submission.model_id = validator.optional_text("modelId", kMaximumModelId).value_or(kDefaultModel);
  if (!engine::is_model(submission.model_id)) validator.fail("modelId", unknown_model());
  const auto given = body.find("parameters");
  const Json parameters = given == body.end() || given->is_null() ? Json::object() : *given;
  std::vector<ErrorDetail> failures;
  submission.output_format = parse_parameters(parameters, failures).output_format;
  for (ErrorDetail& failure : failures) validator.fail(failure.field, std::move(failure.message));
  validator.throw_if_failed();
  submission.parameters = parameters.dump();
  submission.idempotency_key = idempotency_key(request);
  return submission;
}

// Tells what was submitted, not how far it is by now: so the answer to a repeat is the same to the letter.
Response submitted(const Inference& inference) {
  const std::string& id = inference.id.to_string();
  const auto status = to_string(Status::kPending);
  return http::json_response(201, {{"message", "Inference started"},
                                   {"data",
                                    {{"inferenceId", id},
                                     {"jobId", id},
                                     {"status", status},
                                     {"modelId", inference.model_id},
                                     {"parameters", Json::parse(inference.parameters)},
                                     {"tokensReserved", http::to_json(inference.tokens_reserved)}}},
                                   {"inference",
                                    {{"id", id},
                                     {"status", status},
                                     {"modelId", inference.model_id},
                                     {"datasetName", inference.dataset_name},
                                     {"createdAt", inference.created_at.to_iso()}}},
                                   {"jobId", id}});
}

Json inference_json(const Inference& inference) {
  return {{"id", inference.id.to_string()},
          {"jobId", inference.id.to_string()},
          {"status", to_string(inference.status)},
          {"progress", inference.progress},
          {"modelId", inference.model_id},
          {"datasetName", inference.dataset_name},
          {"parameters", Json::parse(inference.parameters)},
          {"itemCount", inference.item_count},
          {"tokensReserved", http::to_json(inference.tokens_reserved)},
          {"tokensRefunded", http::to_json(inference.tokens_refunded)},
          {"error", inference.error ? Json(*inference.error) : Json(nullptr)},
          {"createdAt", inference.created_at.to_iso()},
          {"updatedAt", inference.updated_at.to_iso()}};
}

Response list(const Request& request, Service& service) {
  const http::Page page = http::parse_page(request);
  std::optional<Status> status;
  if (const auto text = request.query_value("status")) {
    status = parse_status(*text);
    if (!status) {
      throw invalid("VALIDATION_ERROR", "status must be one of: PENDING, RUNNING, COMPLETED, FAILED, ABORTED",
                    {{"status", "must be one of: PENDING, RUNNING, COMPLETED, FAILED, ABORTED"}});
    }
  }
  const Service::Listing listing = service.list(request.user->id, status, page.limit, page.offset());
  Json data = Json::array();
  for (const Inference& inference : listing.inferences) data.push_back(inference_json(inference));
  return http::json_response(200, {{"data", data}, {"pagination", page.to_json(listing.total)}});
}

// Links are relative: a Host header that a stranger wrote never gets into them.
std::string download_url(const SignedLinks& links, const UserId& user, const std::string& output_path) {
  return "/api/inferences/download/" + links.make(user, SignedLinks::Purpose::kResult, output_path);
}

Response results(const Request& request, Service& service, const SignedLinks& links) {
  const UserId& user = request.user->id;
  const InferenceId id = id_of(request, "id");
  Json images = Json::array();
  Json videos = Json::array();
  Json failed = Json::array();
  const Service::Results results = service.results(user, id);
  for (const Item& item : results.items) {
    if (item.status == ItemStatus::kFailed) {
      failed.push_back({{"path", item.image_path}, {"reason", item.reason.value_or("")}});
    } else if (item.output_path && item.type == ItemType::kImage) {
      images.push_back({{"originalPath", item.image_path},
                        {"outputPath", *item.output_path},
                        {"downloadUrl", download_url(links, user, *item.output_path)}});
    }
  }
  for (const Video& video : results.videos) {
    if (!video.output_path) continue;  // every frame of it failed
    videos.push_back({{"originalVideoId", video.upload_index},
                      {"outputPath", *video.output_path},
                      {"downloadUrl", download_url(links, user, *video.output_path)}});
  }
  return http::json_response(200, {{"data",
                                    {{"inferenceId", id.to_string()},
                                     {"status", to_string(Status::kCompleted)},
                                     {"result", {{"images", images}, {"videos", videos}, {"failed", failed}}},
                                     {"images", images},
                                     {"videos", videos}}}});
}

std::string content_type_of(const std::filesystem::path& path) {
  const std::string extension = path.extension();
  if (extension == ".png") return "image/png";
  if (extension == ".jpg") return "image/jpeg";
  if (extension == ".mp4") return "video/mp4";
  return "application/octet-stream";
}

// The token is the credential. What it names must still be a result of its user: a link outlives neither
// the account nor the row.
Response download(const Request& request, Service& service, storage::Storage& storage,
                  const SignedLinks& links) {
  const SignedLinks::Link link = links.verify(request.param("token"), SignedLinks::Purpose::kResult);
  const std::string original_name = service.name_of_result(link.user, link.key);
  const std::filesystem::path key(link.key);
  http::FileBody file{
      nullptr, content_type_of(key),
      '"' + key.parent_path().filename().string() + '-' + key.stem().string() + '"',
      std::filesystem::path(original_name).stem().string() + "-inpainted" + key.extension().string()};
  return accounts::stored_file(request, storage, link.key, std::move(file));
}

Response events(const Request& request, Service& service) {
  const InferenceId id = id_of(request, "id");
  service.find(request.user->id, id);  // a wrong id is refused before the stream begins
  Response response;
  response.content_type = "text/event-stream";
  response.headers.set("Cache-Control", "no-store");
  response.body =
      http::EventStream{[feed = StatusFeed(service, request.user->id, id)]() mutable { return feed.next(); }};
  return response;
}

Response status(const Request& request, Service& service, std::string_view parameter) {
  const Inference inference = service.find(request.user->id, id_of(request, parameter));
  return http::json_response(200, {{"data", status_json(inference)}});
}

Response abort(const Request& request, Service& service) {
  const Inference inference = service.abort(request.user->id, id_of(request, "id"));
  Json data = status_json(inference);
  data["tokensRefunded"] = http::to_json(inference.tokens_refunded);
  return http::json_response(200, {{"message", "Inference aborted"}, {"data", data}});
}

Response models(const Request&) {
  Json data = Json::array();
  for (const engine::Model& model : engine::models()) {
    data.push_back(
        {{"id", model.id}, {"description", model.description}, {"parameters", describe_parameters()}});
  }
  return http::json_response(200, {{"data", data}});
}

}  // namespace

void add_routes(http::Router& router, Service& service, storage::Storage& storage, const SignedLinks& links) {
  const std::string base = "/api/inferences";
  const auto add = [&](Method method, const std::string& path, http::Handler handler,
                       Access access = Access::kUser, http::Body body = http::Body::kNone,
                       http::RunOn run_on = http::RunOn::kBlockingPool) {
    router.add({method, base + path, std::move(handler), access, body, run_on});
  };
  add(
      Method::kPost, "",
      [&service](const Request& r) { return submitted(service.submit(r.user->id, parse_submission(r))); },
      Access::kUser, http::Body::kJson);
  add(Method::kGet, "", [&service](const Request& r) { return list(r, service); });
  add(Method::kGet, "/models", models);
  add(Method::kGet, "/job/:jobId/status",
      [&service](const Request& r) { return status(r, service, "jobId"); });
  add(
      Method::kGet, "/download/:token",
      [&](const Request& r) { return download(r, service, storage, links); }, Access::kPublic,
      http::Body::kNone, http::RunOn::kFilePool);
  add(Method::kGet, "/:id", [&service](const Request& r) {
    return http::json_response(200, {{"data", inference_json(service.find(r.user->id, id_of(r, "id")))}});
  });
  add(Method::kGet, "/:id/status", [&service](const Request& r) { return status(r, service, "id"); });
  add(Method::kGet, "/:id/events", [&service](const Request& r) { return events(r, service); });
  add(Method::kGet, "/:id/results", [&](const Request& r) { return results(r, service, links); });
  add(Method::kPost, "/:id/abort", [&service](const Request& r) { return abort(r, service); });
  add(Method::kDelete, "/:id", [&service](const Request& r) { return abort(r, service); });
}

}  // namespace inpaint::inferences
