#include "http/json.h"

#include <gtest/gtest.h>

namespace inpaint::http {
namespace {

Request with_body(std::string body, std::string_view type = "application/json") {
  Request request;
  if (!type.empty()) request.headers.add("Content-Type", type);
  request.body = std::move(body);
  return request;
}

std::string code_of(const Request& request) {
  try {
    parse_object(request);
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

std::string nested(int levels) {
  std::string body = "{\"a\":";
  for (int i = 1; i < levels; ++i) body += '[';
  body += '1';
  for (int i = 1; i < levels; ++i) body += ']';
  return body + "}";
}

TEST(ParseObjectTest, TakesAnObjectInItsOrder) {
  const Json object = parse_object(with_body(R"({"b":1,"a":"é"})", "application/json; charset=UTF-8"));
  EXPECT_EQ(object.dump(), R"({"b":1,"a":"é"})");
  EXPECT_EQ(code_of(with_body("{}", "application/merge-patch+json")), "");
}

TEST(ParseObjectTest, RefusesWhatIsNoObject) {
  for (const char* body :
       {"", " ", "[]", "1", "\"a\"", "null", "{", "{\"a\"}", "{} {}", "{\"a\":1,}", "{'a':1}", "{\"a\":NaN}",
        "{\"a\":1e999}", "{\"a\":\"\xFF\"}", "{\"a\":\"\xC0\x80\"}", "{\"a\":\"\\ud800\"}"}) {
    EXPECT_EQ(code_of(with_body(body)), "MALFORMED_JSON") << body;
  }
}

TEST(ParseObjectTest, RefusesDeepNestingBeforeItCanHurt) {
  EXPECT_EQ(code_of(with_body(nested(32))), "");
  EXPECT_EQ(code_of(with_body(nested(33))), "MALFORMED_JSON");
  EXPECT_EQ(code_of(with_body(nested(1'000'000))), "MALFORMED_JSON");
  EXPECT_EQ(code_of(with_body(R"({"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[["})")), "");
}

TEST(ParseObjectTest, RefusesMoreMembersThanAnyRequestHas) {
  const auto with_members = [](int count) {
    std::string body = "{\"text\":\":::\"";
    for (int i = 1; i < count; ++i) body += ",\"k" + std::to_string(i) + "\":1";
    return with_body(body + "}");
  };
  EXPECT_EQ(code_of(with_members(1000)), "");
  EXPECT_EQ(code_of(with_members(1001)), "MALFORMED_JSON");
}

TEST(ParseObjectTest, trap_F8_answers_other_types_and_charsets_with_415) {
  EXPECT_EQ(code_of(with_body("{}", "")), "UNSUPPORTED_MEDIA_TYPE");
  EXPECT_EQ(code_of(with_body("{}", "text/plain")), "UNSUPPORTED_MEDIA_TYPE");
  EXPECT_EQ(code_of(with_body("{}", "application/json; charset=x-unknown")), "UNSUPPORTED_CHARSET");
  EXPECT_EQ(code_of(with_body("{}", "application/json; charset=\"utf-16\"")), "UNSUPPORTED_CHARSET");
}

TEST(JsonResponseTest, PutsSuccessFirst) {
  const Response response = json_response(201, {{"message", "made"}});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(std::get<std::string>(response.body), R"({"success":true,"message":"made"})");
}

TEST(JsonResponseTest, NeedsNoFields) {
  EXPECT_EQ(std::get<std::string>(json_response(200, {}).body), R"({"success":true})");
}

TEST(JsonResponseTest, SurvivesTextThatIsNotUtf8) {
  EXPECT_NO_THROW(json_response(200, {{"name", "\xFF"}}));
}

TEST(ToJsonTest, ShowsEveryAmountAsItsShortestDecimal) {
  for (std::int64_t hundredths = -1000; hundredths <= 100'000; ++hundredths) {
    ASSERT_EQ(to_json(Credits{hundredths}).dump(), Credits{hundredths}.to_string());
  }
  EXPECT_EQ(to_json(kMaximumBalance).dump(), "99999999.99");
  EXPECT_EQ(to_json(Credits{-275}).dump(), "-2.75");
}

TEST(ValidatorTest, trap_F8_names_every_bad_field_at_once) {
  const Json object{{"name", nullptr}, {"surname", Json::array({"a"})}, {"email", "  "}, {"city", "abc"}};
  Validator validator(object);
  validator.required_text("name", 10);
  validator.required_text("surname", 10);
  validator.required_text("email", 10);
  validator.required_text("password", 10);
  validator.optional_text("city", 2);
  try {
    validator.throw_if_failed();
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
    EXPECT_EQ(error.code(), "VALIDATION_ERROR");
    std::vector<std::string> fields;
    for (const ErrorDetail& detail : error.details()) fields.push_back(detail.field);
    EXPECT_EQ(fields, (std::vector<std::string>{"name", "surname", "email", "password", "city"}));
  }
}

TEST(ValidatorTest, TrimsAndCountsCharactersInsteadOfBytes) {
  const Json object{{"name", " \tÉléonore\n"}, {"zero", std::string("a\0b", 3)}};
  Validator validator(object);
  EXPECT_EQ(validator.required_text("name", 8), "Éléonore");
  EXPECT_EQ(validator.optional_text("absent", 8), std::nullopt);
  EXPECT_NO_THROW(validator.throw_if_failed());
  validator.optional_text("zero", 8);
  EXPECT_THROW(validator.throw_if_failed(), Error);
}

TEST(ParsePageTest, TakesWholeNumbersInTheirRanges) {
  Request request;
  EXPECT_EQ(parse_page(request).limit, 20);
  request.query = {{"page", "3"}, {"limit", "100"}};
  EXPECT_EQ(parse_page(request).offset(), 200);
  EXPECT_EQ(parse_page(request).to_json(201).dump(), R"({"page":3,"limit":100,"total":201,"totalPages":3})");
}

TEST(ParsePageTest, RefusesEverythingElse) {
  for (const char* bad : {"0", "-1", "", "1.5", "1e3", "x", " 1", "99999999999999999999"}) {
    for (const char* name : {"page", "limit"}) {
      Request request;
      request.query[name] = bad;
      EXPECT_THROW(parse_page(request), Error) << name << "=" << bad;
    }
  }
  Request request;
  request.query["limit"] = "101";
  EXPECT_THROW(parse_page(request), Error);
}

TEST(ParseFlagTest, TakesTrueAndFalseOnly) {
  Request request;
  EXPECT_FALSE(parse_flag(request, "all"));
  request.query["all"] = "1";
  EXPECT_TRUE(parse_flag(request, "all"));
  request.query["all"] = "yes";
  EXPECT_THROW(parse_flag(request, "all"), Error);
}

}  // namespace
}  // namespace inpaint::http
