#include "datasets/routes.h"

#include <filesystem>

#include "accounts/stored_file.h"
#include "accounts/user.h"
#include "base/error.h"
#include "datasets/json.h"
#include "datasets/rules.h"
#include "http/json.h"

namespace inpaint::datasets {
namespace {

using accounts::SignedLinks;
using http::Access;
using http::Body;
using http::Json;
using http::Method;
using http::Request;
using http::Response;

// Links are relative: a Host header that a stranger wrote never gets into them.
std::string image_url(const SignedLinks& links, const UserId& user, const std::string& key) {
  return "/api/datasets/image/" + links.make(user, SignedLinks::Purpose::kImage, key);
}

Json to_json(const Item& item, const SignedLinks& links, const UserId& user) {
  return {{"index", item.index},
          {"imagePath", item.image_path},
          {"maskPath", item.mask_path},
          {"type", type_name(item.type)},
          {"frameIndex", item.frame_index ? Json(*item.frame_index) : Json(nullptr)},
          {"uploadIndex", item.upload_index},
          {"imageUrl", image_url(links, user, item.image_path)},
          {"maskUrl", image_url(links, user, item.mask_path)}};
}

std::string checked_name(http::Validator& validator, std::string name) {
  if (name.empty()) return name;  // said already
  if (const auto problem = name_problem(name)) validator.fail("name", *problem);
  return name;
}

// Distinct, trimmed tags in the order they were given; nothing when none are given.
std::optional<std::vector<std::string>> parse_tags(const Json& body, http::Validator& validator) {
  const auto given = body.find("tags");
  if (given == body.end() || given->is_null()) return std::nullopt;
  std::vector<std::string> tags;
  if (!given->is_array() || given->size() > kMaximumTags) {
    validator.fail("tags", "must be a list of at most " + std::to_string(kMaximumTags) + " texts");
    return tags;
  }
  for (const Json& element : *given) {
    const Json wrapped{{"tags", element}};
    http::Validator one(wrapped);
    const std::string tag = one.required_text("tags", kMaximumTag);
    if (tag.empty()) {
      validator.fail("tags", "must be texts of 1 to " + std::to_string(kMaximumTag) + " characters");
      return tags;
    }
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
  }
  return tags;
}

Response create(const Request& request, Service& service) {
  const Json body = http::parse_object(request);
  http::Validator validator(body);
  const std::string name = checked_name(validator, validator.required_text("name", kMaximumName));
  const std::vector<std::string> tags = parse_tags(body, validator).value_or(std::vector<std::string>());
  validator.throw_if_failed();
  const Dataset dataset = service.create(request.user->id, name, tags);
  return http::json_response(201, {{"message", "Dataset created"},
                                   {"data",
                                    {{"id", dataset.id.to_string()},
                                     {"name", dataset.name},
                                     {"tags", dataset.tags},
                                     {"isDeleted", dataset.is_deleted},
                                     {"createdAt", dataset.created_at.to_iso()}}}});
}

Response update(const Request& request, Service& service) {
  const Json body = http::parse_object(request);
  http::Validator validator(body);
  Service::Changes changes;
  if (auto name = validator.optional_text("name", kMaximumName)) {
    changes.name = checked_name(validator, *std::move(name));
  }
  changes.tags = parse_tags(body, validator);
  validator.throw_if_failed();
  const Dataset dataset = service.update(request.user->id, request.param("name"), changes);
  return http::json_response(200, {{"message", "Dataset updated"}, {"data", to_json(dataset)}});
}

Response list(const Request& request, Service& service) {
  const http::Page page = http::parse_page(request);
  const repository::Filter filter{http::parse_flag(request, "includeDeleted"), request.query_value("tag")};
  const Service::Listing listing = service.list(request.user->id, filter, page.limit, page.offset());
  Json data = Json::array();
  for (const Dataset& dataset : listing.datasets) data.push_back(to_json(dataset));
  return http::json_response(200, {{"data", data}, {"pagination", page.to_json(listing.total)}});
}

Response content(const Request& request, const std::string& name, Service& service,
                 const SignedLinks& links) {
  const http::Page page = http::parse_page(request);
  const UserId& user = request.user->id;
  const Service::Content content = service.content(user, name, page.offset(), page.limit);
  const std::int64_t total = content.dataset.item_count;
  Json items = Json::array();
  for (const Item& item : content.items) items.push_back(to_json(item, links, user));
  return http::json_response(200, {{"data",
                                    {{"name", content.dataset.name},
                                     {"type", type_json(content.dataset)},
                                     {"items", items},
                                     {"totalItems", total},
                                     {"currentPage", page.number},
                                     {"totalPages", (total + page.limit - 1) / page.limit},
                                     {"itemsPerPage", page.limit}}}});
}

media::SamplingRate sampling_rate_of(const http::Form& form) {
  const auto text = form.fields.find("fps");
  if (text == form.fields.end() || text->second.empty()) return {};
  const std::optional<media::SamplingRate> rate = parse_sampling_rate(text->second);
  if (!rate) {
    throw invalid("VALIDATION_ERROR", "The upload's fps can't be used.",
                  {{"fps", "must be native, or a number from 0.001 to 120 with at most three decimals"}});
  }
  return *rate;
}

Json to_json(const std::vector<Skipped>& skipped) {
  Json lines = Json::array();
  for (const Skipped& one : skipped) lines.push_back({{"file", one.file}, {"reason", one.reason}});
  return lines;
}

Response upload(const Request& request, Ingest& ingest) {
  const http::Form& form = *request.form;
  const auto name = form.fields.find("datasetName");
  const http::UploadedFile* image = form.find_file("image");
  const http::UploadedFile* mask = form.find_file("mask");
  std::vector<ErrorDetail> missing;
  if (name == form.fields.end() || name->second.empty()) missing.push_back({"datasetName", "is required"});
  if (image == nullptr) missing.push_back({"image", "is required and must be a file"});
  // A ZIP archive brings its masks: what stands beside it is a placeholder.
  const bool archive = image != nullptr && Ingest::is_archive(*image);
  if (mask == nullptr && !archive) missing.push_back({"mask", "is required and must be a file"});
  if (!missing.empty()) throw invalid("VALIDATION_ERROR", "The upload is not complete.", std::move(missing));
  const UserId& user = request.user->id;
  const media::SamplingRate rate = sampling_rate_of(form);
  const Receipt receipt = archive ? ingest.add_archive(user, name->second, *image, rate)
                                  : ingest.add_pair(user, name->second, *image, *mask, rate);
  return http::json_response(200, {{"message", "Data uploaded and processed"},
                                   {"processedItems", receipt.processed_items},
                                   {"tokensUsed", http::to_json(receipt.tokens_used)},
                                   {"tokensRemaining", http::to_json(receipt.tokens_remaining)},
                                   {"skipped", to_json(receipt.skipped)}});
}

// A signed token has no slash and needs no session; a stored path has, and belongs to the session's user.
SignedLinks::Link readable(const Request& request, const SignedLinks& links,
                           const Authenticate& authenticate) {
  const std::string& path = request.param("imagePath");
  return path.find('/') == std::string::npos ? links.verify(path, SignedLinks::Purpose::kImage)
                                             : SignedLinks::Link{authenticate(request)->id, path};
}

// As the user called the picture, or the video with the number of the frame, with the ending of what is
// stored.
std::string name_of(const repository::BlobName& blob, const std::string& extension) {
  std::string name = std::filesystem::path(blob.image_name).stem().string();
  if (blob.frame_index) name += "-" + std::to_string(*blob.frame_index);
  if (blob.is_mask) name += "-mask";
  return name + extension;
}

Response image(const Request& request, const SignedLinks::Link& link, Service& service,
               storage::Storage& storage) {
  const repository::BlobName name = service.name_of_blob(link.user, link.key);
  const std::filesystem::path key(link.key);
  http::FileBody file{nullptr, key.extension() == ".png" ? "image/png" : "image/jpeg",
                      '"' + key.stem().string() + '"', name_of(name, key.extension().string()),
                      http::FileBody::Disposition::kInline};
  return accounts::stored_file(request, storage, link.key, std::move(file));
}

}  // namespace

void add_routes(http::Router& router, Service& service, Ingest& ingest, storage::Storage& storage,
                const SignedLinks& links, Authenticate authenticate) {
  const std::string base = "/api/datasets";
  const auto add = [&](Method method, const std::string& path, http::Handler handler,
                       Access access = Access::kUser, Body body = Body::kNone,
                       http::RunOn run_on = http::RunOn::kBlockingPool) {
    router.add({method, base + path, std::move(handler), access, body, run_on});
  };
  add(
      Method::kPost, "", [&service](const Request& r) { return create(r, service); }, Access::kUser,
      Body::kJson);
  add(Method::kGet, "", [&service](const Request& r) { return list(r, service); });
  for (const char* path : {"/data", "/upload-data", "/upload"}) {
    add(
        Method::kPost, path, [&ingest](const Request& r) { return upload(r, ingest); }, Access::kUser,
        Body::kMultipart, http::RunOn::kUploadPool);
  }
  add(
      Method::kGet, "/image/:imagePath",
      [&service, &storage, &links, authenticate = std::move(authenticate)](const Request& r) {
        return image(r, readable(r, links, authenticate), service, storage);
      },
      Access::kPublic, Body::kNone, http::RunOn::kFilePool);
  // The data of a dataset that is called "image".
  add(Method::kGet, "/image/data", [&](const Request& r) { return content(r, "image", service, links); });
  add(Method::kGet, "/:name", [&service](const Request& r) {
    return http::json_response(200, {{"data", to_json(service.find(r.user->id, r.param("name")))}});
  });
  add(
      Method::kPut, "/:name", [&service](const Request& r) { return update(r, service); }, Access::kUser,
      Body::kJson);
  add(Method::kDelete, "/:name", [&service](const Request& r) {
    service.remove(r.user->id, r.param("name"));
    return http::json_response(200, {{"message", "Dataset deleted (logical)"}});
  });
  add(Method::kGet, "/:name/data",
      [&](const Request& r) { return content(r, r.param("name"), service, links); });
}

}  // namespace inpaint::datasets
