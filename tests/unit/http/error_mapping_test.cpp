#include <gtest/gtest.h>

#include "http/json.h"
#include "http/message.h"

namespace inpaint::http {
namespace {

Json body_of(const Response& response) {
  return Json::parse(std::get<std::string>(response.body));
}

TEST(ErrorMappingTest, GivesEveryKindItsStatus) {
  const std::vector<std::pair<ErrorKind, int>> expected{{ErrorKind::kInvalid, 400},
                                                        {ErrorKind::kUnauthenticated, 401},
                                                        {ErrorKind::kPaymentRequired, 401},
                                                        {ErrorKind::kForbidden, 403},
                                                        {ErrorKind::kNotFound, 404},
                                                        {ErrorKind::kMethodNotAllowed, 405},
                                                        {ErrorKind::kTimeout, 408},
                                                        {ErrorKind::kConflict, 409},
                                                        {ErrorKind::kGone, 410},
                                                        {ErrorKind::kLengthRequired, 411},
                                                        {ErrorKind::kTooLarge, 413},
                                                        {ErrorKind::kUnsupportedType, 415},
                                                        {ErrorKind::kTooManyRequests, 429},
                                                        {ErrorKind::kRangeNotSatisfiable, 416},
                                                        {ErrorKind::kHeadersTooLarge, 431},
                                                        {ErrorKind::kInternal, 500},
                                                        {ErrorKind::kUnavailable, 503}};
  for (const auto& [kind, status] : expected) {
    EXPECT_EQ(to_response(Error(kind, "CODE", "a sentence"), "id").status, status);
  }
}

TEST(ErrorMappingTest, HasTheShapeOfTheContract) {
  const Response response = to_response(invalid("BAD_NAME", "No.", {{"name", "is required"}}), "id");
  EXPECT_EQ(body_of(response).dump(), R"({"success":false,"message":"No.","error":{"code":"BAD_NAME",)"
                                      R"("details":[{"field":"name","message":"is required"}]}})");
}

TEST(ErrorMappingTest, ShowsOurOwnFaultsByTheirRequestIdOnly) {
  const Error error(ErrorKind::kInternal, "INTERNAL_ERROR", "secret path /var/x", {{"sql", "secret"}});
  const std::string body = std::get<std::string>(to_response(error, "request-7").body);
  EXPECT_EQ(body.find("secret"), std::string::npos);
  EXPECT_NE(body.find("request-7"), std::string::npos);
}

TEST(ErrorMappingTest, TellsWhatIsRequiredAndAvailableAsNumbers) {
  const Error error(ErrorKind::kPaymentRequired, "INSUFFICIENT_TOKENS", "Not enough tokens.",
                    {{"required", "2.75"}, {"available", "0.1"}});
  const Json body = body_of(to_response(error, "id"));
  EXPECT_EQ(body["required"].dump(), "2.75");
  EXPECT_EQ(body["available"].dump(), "0.1");
  EXPECT_EQ(body["error"]["required"].dump(), "2.75");
  EXPECT_EQ(body["error"]["available"].dump(), "0.1");
}

TEST(ErrorMappingTest, PutsFactsIntoHeaders) {
  const auto headers = [](ErrorKind kind, std::vector<ErrorDetail> details) {
    return to_response(Error(kind, "CODE", "a sentence", std::move(details)), "id").headers;
  };
  EXPECT_EQ(headers(ErrorKind::kMethodNotAllowed, {{"allow", "GET, PUT"}}).find("Allow"), "GET, PUT");
  EXPECT_EQ(headers(ErrorKind::kUnavailable, {{"retryAfter", "17"}}).find("Retry-After"), "17");
  EXPECT_TRUE(headers(ErrorKind::kUnavailable, {}).find("Retry-After"));
  EXPECT_TRUE(headers(ErrorKind::kTooManyRequests, {}).find("Retry-After"));
  EXPECT_EQ(headers(ErrorKind::kUnauthenticated, {}).find("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(headers(ErrorKind::kRangeNotSatisfiable, {{"contentRange", "bytes */9"}}).find("Content-Range"),
            "bytes */9");
}

}  // namespace
}  // namespace inpaint::http
