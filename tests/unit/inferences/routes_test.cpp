#include "inferences/routes.h"

#include "accounts/user.h"
#include "base/byte_source.h"
#include "inferences/settlement.h"
#include "inferences/status_feed.h"
#include "unit/inferences/inferences_fixture.h"

namespace inpaint::inferences {
namespace {

using http::Json;
using http::Method;

class RoutesTest : public InferencesTest {
 protected:
  RoutesTest() { add_routes(router_, service_, *storage_, links_); }

  // What the router and the handler answer; refusals are thrown.
  http::Response call(Method method, const std::string& path, const UserId& user, const Json& body = {},
                      const std::string& idempotency_key = "") {
    const http::Router::Match match = router_.match(method, path);
    http::Request request;
    request.method = method;
    request.path = path;
    request.params = match.params;
    request.query = query_;
    request.user = std::make_shared<accounts::User>(accounts::User{user, "", "", "", {}, {}, {}, {}});
    if (!body.is_null()) {
      request.body = body.dump();
      request.headers.add("Content-Type", "application/json");
    }
    if (!idempotency_key.empty()) request.headers.add("Idempotency-Key", idempotency_key);
    return match.route->handler(request);
  }

  static Json json(const http::Response& response) {
    return Json::parse(std::get<std::string>(response.body));
  }

  std::map<std::string, std::string> query_;
  http::Router router_;
  accounts::SignedLinks links_{"a secret of at least thirty-two bytes"};
};

const std::string kBase = "/api/inferences";

TEST_F(RoutesTest, SubmissionAnswersInBothSpellings) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  const http::Response response =
      call(Method::kPost, kBase, user, {{"datasetName", " photos "}, {"parameters", {{"quality", "low"}}}});
  EXPECT_EQ(response.status, 201);
  const Json body = json(response);
  const std::string id = body["data"]["inferenceId"];
  EXPECT_EQ(body["success"], true);
  EXPECT_EQ(body["message"], "Inference started");
  EXPECT_EQ(body["jobId"], id);
  EXPECT_EQ(body["data"]["jobId"], id);
  EXPECT_EQ(body["data"]["status"], "PENDING");
  EXPECT_EQ(body["data"]["modelId"], "default_inpainting");
  EXPECT_EQ(body["data"]["parameters"], Json({{"quality", "low"}}));
  EXPECT_EQ(body["data"]["tokensReserved"].dump(), "5.5");
  EXPECT_EQ(body["inference"]["id"], id);
  EXPECT_EQ(body["inference"]["datasetName"], "photos");
}

TEST_F(RoutesTest, ARepeatAnswersTheSameToTheLetter) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const Json body = {{"datasetName", "photos"}};
  const http::Response first = call(Method::kPost, kBase, user, body, "key");
  relay_.carry();
  deliver_next();
  const http::Response repeated = call(Method::kPost, kBase, user, body, "key");
  EXPECT_EQ(repeated.status, 201);
  EXPECT_EQ(std::get<std::string>(repeated.body), std::get<std::string>(first.body));
}

TEST_F(RoutesTest, RefusesBadSubmissionsNamingEveryField) {
  const UserId user = add_user();
  try {
    call(Method::kPost, kBase, user,
         {{"datasetName", 7}, {"modelId", "magic"}, {"parameters", {{"quality", "ultra"}, {"steps", 3}}}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
    ASSERT_EQ(error.details().size(), 4u);
    EXPECT_NE(error.details()[1].message.find("telea"), std::string::npos);
  }
}

TEST_F(RoutesTest, AnIdempotencyKeyIsShortAndVisible) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const Json body = {{"datasetName", "photos"}};
  for (const std::string& key :
       {std::string(256, 'k'), std::string("two words"), std::string("k\xc3\xa4y")}) {
    EXPECT_EQ(code_of([&] { call(Method::kPost, kBase, user, body, key); }), "BAD_IDEMPOTENCY_KEY") << key;
  }
  EXPECT_EQ(call(Method::kPost, kBase, user, body, std::string(255, 'k')).status, 201);
}

TEST_F(RoutesTest, StatusIsToldByBothRoutes) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const std::string id = submit(user).to_string();
  for (const std::string& path : {"/job/" + id + "/status", "/" + id + "/status"}) {
    const Json data = json(call(Method::kGet, kBase + path, user))["data"];
    EXPECT_EQ(data, Json({{"inferenceId", id},
                          {"jobId", id},
                          {"status", "PENDING"},
                          {"progress", 0},
                          {"error", nullptr}}));
    EXPECT_EQ(code_of([&] { call(Method::kGet, kBase + path, add_user()); }), "NOT_FOUND");
  }
  EXPECT_EQ(code_of([&] { call(Method::kGet, kBase + "/1/status", user); }), "NOT_FOUND");
}

TEST_F(RoutesTest, ListsWithPaginationAndRefusesAnUnknownStatus) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  submit(user);
  const Json body = json(call(Method::kGet, kBase, user));
  EXPECT_EQ(body["data"].size(), 1u);
  EXPECT_EQ(body["data"][0]["tokensReserved"].dump(), "2.75");
  EXPECT_EQ(body["pagination"]["total"], 1);
  query_ = {{"status", "COMPLETED"}};
  EXPECT_EQ(json(call(Method::kGet, kBase, user))["data"].size(), 0u);
  query_ = {{"status", "DONE"}};
  EXPECT_EQ(code_of([&] { call(Method::kGet, kBase, user); }), "VALIDATION_ERROR");
}

TEST_F(RoutesTest, trap_F7_results_are_downloaded_by_relative_signed_links) {
  const UserId user = add_user();
  add_dataset(user, "photos", 2);
  backend_.work = [](const Task& task, const engine::Progress&, const engine::CancelToken&) {
    if (task.image.filename() == "1.png") throw invalid("BAD_IMAGE", "damaged");
    FakeBackend::describe(task);
  };
  const std::string id = submit(user).to_string();
  EXPECT_EQ(code_of([&] { call(Method::kGet, kBase + "/" + id + "/results", user); }),
            "INFERENCE_NOT_COMPLETED");
  deliver_next();
  const Json data = json(call(Method::kGet, kBase + "/" + id + "/results", user))["data"];
  EXPECT_EQ(data["images"], data["result"]["images"]);
  EXPECT_EQ(data["result"]["failed"][0]["reason"], "damaged");
  ASSERT_EQ(data["images"].size(), 1u);
  const std::string url = data["images"][0]["downloadUrl"];
  EXPECT_TRUE(url.starts_with("/api/inferences/download/"));

  const http::Response file = call(Method::kGet, url, add_user());  // the token is the credential
  EXPECT_EQ(file.content_type, "image/png");
  const auto& body = std::get<http::FileBody>(file.body);
  EXPECT_EQ(body.name, "photo-inpainted.png");
  EXPECT_GT(body.content->size_bytes(), 0);
  EXPECT_TRUE(file.headers.find("Cache-Control")->starts_with("private"));
}

TEST_F(RoutesTest, trap_F5_only_a_genuine_link_to_a_result_that_is_there_downloads) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const std::string id = submit(user).to_string();
  deliver_next();
  const std::string output = "results/" + id + "/0.png";
  const auto download = [&](const std::string& token) {
    return code_of([&] { call(Method::kGet, kBase + "/download/" + token, user); });
  };
  using Purpose = accounts::SignedLinks::Purpose;
  EXPECT_EQ(download(links_.make(user, Purpose::kResult, output)), "");
  EXPECT_EQ(download("png"), "NOT_FOUND");
  EXPECT_EQ(download(links_.make(user, Purpose::kImage, output)), "NOT_FOUND");
  EXPECT_EQ(download(links_.make(add_user(), Purpose::kResult, output)), "NOT_FOUND");
  EXPECT_EQ(download(links_.make(user, Purpose::kResult, "../test.db")), "NOT_FOUND");
  EXPECT_EQ(download(links_.make(user, Purpose::kResult, output, std::chrono::seconds(-1))), "NOT_FOUND");
  execute("DELETE FROM users WHERE id = '" + user.to_string() + "'");
  EXPECT_EQ(download(links_.make(user, Purpose::kResult, output)), "NOT_FOUND");
}

TEST_F(RoutesTest, AbortsByBothRoutes) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const std::string first = submit(user).to_string();
  const std::string second = submit(user).to_string();
  EXPECT_EQ(json(call(Method::kPost, kBase + "/" + first + "/abort", user))["data"]["status"], "ABORTED");
  const Json deleted = json(call(Method::kDelete, kBase + "/" + second, user));
  EXPECT_EQ(deleted["data"]["tokensRefunded"].dump(), "2.75");
  EXPECT_EQ(call(Method::kDelete, kBase + "/" + second, user).status, 200);  // again changes nothing
}

TEST_F(RoutesTest, ListsTheModelsWithTheirParameters) {
  const Json data = json(call(Method::kGet, kBase + "/models", add_user()))["data"];
  ASSERT_FALSE(data.empty());
  EXPECT_EQ(data[0]["parameters"]["quality"]["enum"], Json({"low", "medium", "high"}));
}

TEST_F(RoutesTest, EventsTellEveryChangeAndEnd) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  const InferenceId id = submit(user);
  const std::string path = kBase + "/" + id.to_string() + "/events";
  EXPECT_EQ(code_of([&] { call(Method::kGet, path, add_user()); }), "NOT_FOUND");
  const http::Response response = call(Method::kGet, path, user);
  EXPECT_EQ(response.content_type, "text/event-stream");
  const auto next = std::get<http::EventStream>(response.body).next;
  const std::string begin = next().value();
  EXPECT_TRUE(begin.starts_with("event: status\ndata: {"));
  EXPECT_NE(begin.find("event: progress\ndata: {"), std::string::npos);
  EXPECT_TRUE(begin.ends_with("}\n\n"));
  EXPECT_EQ(next().value(), "");
  deliver_next();
  EXPECT_NE(next().value().find("\"status\":\"COMPLETED\",\"progress\":100"), std::string::npos);
  EXPECT_FALSE(next().has_value());
}

TEST_F(RoutesTest, EventsEndWhenTheUserIsDeleted) {
  const UserId user = add_user();
  add_dataset(user, "photos", 1);
  StatusFeed feed(service_, user, submit(user));
  EXPECT_TRUE(feed.next());
  database_->transaction([&](Session& sql) {
    settlement::abort_inferences_of(sql, user);
    sql << "DELETE FROM users";
  });
  EXPECT_FALSE(feed.next());
}

}  // namespace
}  // namespace inpaint::inferences
