#include "inferences/parameters.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace inpaint::inferences {
namespace {

using http::Json;

template <typename Value>
struct Choice {
  std::string_view name;
  Value value;
};

constexpr std::array<Choice<engine::Quality>, 3> kQualities{{
    {"low", engine::Quality::kLow},
    {"medium", engine::Quality::kMedium},
    {"high", engine::Quality::kHigh},
}};
constexpr std::array<Choice<engine::BlendMode>, 3> kBlendModes{{
    {"normal", engine::BlendMode::kNormal},
    {"lighten", engine::BlendMode::kLighten},
    {"darken", engine::BlendMode::kDarken},
}};
constexpr std::array<Choice<OutputFormat>, 4> kOutputFormats{{
    {"png", OutputFormat::kPng},
    {"jpg", OutputFormat::kJpeg},
    {"jpeg", OutputFormat::kJpeg},
    {"mp4", OutputFormat::kMp4},
}};
constexpr std::size_t kMaximumCustomBytes = 4096;
constexpr auto kKnown = "quality, outputFormat, blendMode, customParameter";

template <typename Value, std::size_t size>
Json names(const std::array<Choice<Value>, size>& choices) {
  Json list = Json::array();
  for (const auto& choice : choices) list.push_back(choice.name);
  return list;
}

// Sets `value` to the choice of that name; false when there is none.
template <typename Value, std::size_t size>
bool choose(const Json& text, const std::array<Choice<Value>, size>& choices, Value& value) {
  if (!text.is_string()) return false;
  const auto* found = std::ranges::find(choices, text.get_ref<const std::string&>(), &Choice<Value>::name);
  if (found == choices.end()) return false;
  value = found->value;
  return true;
}

// The first name of the value.
template <typename Value, std::size_t size>
std::string_view name_of(const std::array<Choice<Value>, size>& choices, Value value) {
  return std::ranges::find(choices, value, &Choice<Value>::value)->name;
}

// "must be one of: low, medium, high"
template <typename Value, std::size_t size>
std::string must_be(const std::array<Choice<Value>, size>& choices) {
  std::string sentence = "must be one of:";
  for (const auto& choice : choices) sentence.append(" ").append(choice.name).append(",");
  sentence.pop_back();
  return sentence;
}

Json without_leading_dot(const Json& format) {
  if (!format.is_string()) return format;
  const auto& text = format.get_ref<const std::string&>();
  return text.starts_with('.') ? Json(text.substr(1)) : format;
}

// What is wrong with the parameter, if anything is; else its value is in `parsed`.
std::optional<std::string> read_parameter(const std::string& name, const Json& value, Parameters& parsed) {
  if (name == "quality") {
    if (!choose(value, kQualities, parsed.engine.quality)) return must_be(kQualities);
  } else if (name == "blendMode") {
    if (!choose(value, kBlendModes, parsed.engine.blend_mode)) return must_be(kBlendModes);
  } else if (name == "outputFormat") {
    if (!choose(without_leading_dot(value), kOutputFormats, parsed.output_format)) {
      return must_be(kOutputFormats);
    }
  } else if (name == "customParameter") {
    if (!value.is_string() || value.get_ref<const std::string&>().size() > kMaximumCustomBytes) {
      return "must be a string of at most " + std::to_string(kMaximumCustomBytes) + " bytes";
    }
    parsed.custom = value.get<std::string>();
  } else {
    return std::string("is unknown; known are: ") + kKnown;
  }
  return std::nullopt;
}

}  // namespace

std::string_view extension(OutputFormat format) {
  switch (format) {
    case OutputFormat::kPng:
      return "png";
    case OutputFormat::kJpeg:
      return "jpg";
    case OutputFormat::kMp4:
      break;
  }
  return "mp4";
}

Json to_json(const Parameters& parameters) {
  return {{"quality", name_of(kQualities, parameters.engine.quality)},
          {"blendMode", name_of(kBlendModes, parameters.engine.blend_mode)},
          {"outputFormat", name_of(kOutputFormats, parameters.output_format)},
          {"customParameter", parameters.custom}};
}

Parameters parse_parameters(const Json& parameters, std::vector<ErrorDetail>& failures) {
  Parameters parsed;
  if (!parameters.is_object()) {
    failures.push_back({"parameters", "must be an object"});
    return parsed;
  }
  constexpr std::size_t kMaximumFailures = 20;
  for (const auto& [name, value] : parameters.items()) {
    if (failures.size() == kMaximumFailures) break;
    if (std::optional<std::string> failure = read_parameter(name, value, parsed)) {
      failures.push_back({"parameters." + name, std::move(*failure)});
    }
  }
  return parsed;
}

Parameters parse_stored_parameters(const std::string& text) {
  std::vector<ErrorDetail> failures;
  Parameters parsed = parse_parameters(Json::parse(text), failures);
  if (!failures.empty()) throw internal("an inference's parameters are damaged in the database");
  return parsed;
}

Json describe_parameters() {
  return {{"quality", {{"type", "string"}, {"enum", names(kQualities)}, {"default", "medium"}}},
          {"outputFormat", {{"type", "string"}, {"enum", names(kOutputFormats)}, {"default", "png"}}},
          {"blendMode", {{"type", "string"}, {"enum", names(kBlendModes)}, {"default", "normal"}}},
          {"customParameter", {{"type", "string"}, {"maxLength", kMaximumCustomBytes}}}};
}

}  // namespace inpaint::inferences
