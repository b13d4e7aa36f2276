#include "inferences/parameters.h"

#include <gtest/gtest.h>

namespace inpaint::inferences {
namespace {

using http::Json;

// The failures, one a line as "field: message".
std::string failures_of(const Json& parameters) {
  std::vector<ErrorDetail> failures;
  parse_parameters(parameters, failures);
  std::string text;
  for (const ErrorDetail& failure : failures) text += failure.field + ": " + failure.message + "\n";
  return text;
}

TEST(ParametersTest, EverythingHasADefault) {
  const Parameters parameters = parse_stored_parameters("{}");
  EXPECT_EQ(parameters.engine.quality, engine::Quality::kMedium);
  EXPECT_EQ(parameters.engine.blend_mode, engine::BlendMode::kNormal);
  EXPECT_EQ(parameters.output_format, OutputFormat::kPng);
}

TEST(ParametersTest, ReadsEachParameter) {
  const Parameters parameters = parse_stored_parameters(
      R"({"quality":"high","outputFormat":"jpeg","blendMode":"darken","customParameter":"a note"})");
  EXPECT_EQ(parameters.engine.quality, engine::Quality::kHigh);
  EXPECT_EQ(parameters.engine.blend_mode, engine::BlendMode::kDarken);
  EXPECT_EQ(parameters.output_format, OutputFormat::kJpeg);
}

TEST(ParametersTest, AnOutputFormatMayHaveALeadingDot) {
  for (const char* format : {"png", ".png", "jpg", ".jpg", "jpeg", ".jpeg", "mp4", ".mp4"}) {
    EXPECT_EQ(failures_of({{"outputFormat", format}}), "") << format;
  }
  EXPECT_NE(failures_of({{"outputFormat", "..png"}}), "");
  EXPECT_NE(failures_of({{"outputFormat", "gif"}}), "");
}

TEST(ParametersTest, NamesEveryBadParameterAndWhatIsKnown) {
  const std::string failures =
      failures_of({{"quality", 3}, {"blendMode", "multiply"}, {"customParameter", nullptr}, {"seed", 1}});
  EXPECT_NE(failures.find("parameters.quality: must be one of: low, medium, high\n"), std::string::npos);
  EXPECT_NE(failures.find("parameters.blendMode: must be one of: normal, lighten, darken\n"),
            std::string::npos);
  EXPECT_NE(failures.find("parameters.customParameter: "), std::string::npos);
  EXPECT_NE(failures.find("parameters.seed: is unknown; known are: quality, outputFormat, blendMode, "
                          "customParameter\n"),
            std::string::npos);
}

TEST(ParametersTest, RefusesWhatIsNoObjectAndTooLongNotes) {
  EXPECT_NE(failures_of(Json::array()), "");
  EXPECT_NE(failures_of("high"), "");
  EXPECT_EQ(failures_of({{"customParameter", std::string(4096, 'x')}}), "");
  EXPECT_NE(failures_of({{"customParameter", std::string(4097, 'x')}}), "");
}

}  // namespace
}  // namespace inpaint::inferences
