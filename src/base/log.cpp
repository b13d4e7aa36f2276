#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/line_sink.h"

namespace inpaint::log {
namespace {

constexpr auto kJsonLogger = "json";
constexpr auto kConsoleLogger = "console";
constexpr std::size_t kUsualLine = 256;

struct NamedLevel {
  Level level;
  std::string_view name;
  spdlog::level::level_enum spdlog_level;
};
constexpr std::array kLevels{NamedLevel{Level::kDebug, "debug", spdlog::level::debug},
                             NamedLevel{Level::kInfo, "info", spdlog::level::info},
                             NamedLevel{Level::kWarn, "warn", spdlog::level::warn},
                             NamedLevel{Level::kError, "error", spdlog::level::err},
                             NamedLevel{Level::kOff, "off", spdlog::level::off}};

const NamedLevel& named(Level level) {
  return *std::ranges::find(kLevels, level, &NamedLevel::level);
}

thread_local Context* context_in_force = nullptr;

// spdlog does not escape, so what is not plain passes through the JSON library; bad UTF-8 is replaced.
void append_escaped(std::string& line, std::string_view text) {
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (is_plain) {  // nearly always
    line.append(1, '"').append(text).append(1, '"');
  } else {
    line += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

void append_value(std::string& line, const std::variant<std::string_view, std::int64_t, double>& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return append_escaped(line, *text);
  std::array<char, 32> digits{};
  const auto write = [&](auto number) {
    return std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  };
  const auto* integer = std::get_if<std::int64_t>(&value);
  line.append(digits.data(), integer != nullptr ? write(*integer) : write(std::get<double>(value)));
}

void append_field(std::string& line, bool json, const Field& field) {
  if (json) {
    line.append(",\"").append(field.name).append("\":");  // a name is ours, and plain
  } else {
    line.append("  ").append(field.name).append("=");
  }
  append_value(line, field.value);
}

}  // namespace

std::string_view to_string(Level level) {
  return named(level).name;
}

std::optional<Level> parse_level(std::string_view text) {
  if (text == "warning") return Level::kWarn;  // as the lines themselves say
  const auto* const found = std::ranges::find(kLevels, text, &NamedLevel::name);
  return found == kLevels.end() ? std::nullopt : std::optional(found->level);
}

void start(Level level, bool json) {
  spdlog::sink_ptr sink;
  if (json) {
    sink = std::make_shared<LineSink>(STDERR_FILENO);
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  }
  auto logger = std::make_shared<spdlog::logger>(json ? kJsonLogger : kConsoleLogger, std::move(sink));
  logger->set_level(named(level).spdlog_level);
  logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%H:%M:%S %^%-5l%$ %v",
                      spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
}

Level level() {
  const auto spdlog_level = spdlog::default_logger_raw()->level();
  const auto* const found = std::ranges::find(kLevels, spdlog_level, &NamedLevel::spdlog_level);
  return found == kLevels.end() ? Level::kInfo : found->level;
}

void set_level(Level level) {
  spdlog::default_logger_raw()->set_level(named(level).spdlog_level);
}

void Context::set(std::string_view name, std::string value) {
  for (auto& [known, its_value] : fields_) {
    if (known != name) continue;
    its_value = std::move(value);
    return;
  }
  fields_.emplace_back(name, std::move(value));
}

Scope::Scope(Context& context) : outer_(std::exchange(context_in_force, &context)) {}

Scope::~Scope() {
  context_in_force = outer_;
}

void annotate(std::string_view name, const std::string& value) {
  if (context_in_force != nullptr) context_in_force->set(name, value);
}

void write(Level level, std::string_view domain, std::string_view message,
           std::initializer_list<Field> fields) {
  spdlog::logger* logger = spdlog::default_logger_raw();
  const auto spdlog_level = named(level).spdlog_level;
  if (!logger->should_log(spdlog_level)) return;

  const bool json = logger->name() == kJsonLogger;
  std::string line;
  line.reserve(kUsualLine);
  if (json) {
    line.append("\"domain\":");
    append_escaped(line, domain);
    line.append(",\"message\":");
    append_escaped(line, message);
  } else {
    line.append(domain).append(": ").append(message);
  }
  for (const Field& field : fields) append_field(line, json, field);
  if (context_in_force != nullptr) {
    for (const auto& [name, value] : context_in_force->fields()) {
      if (std::ranges::find(fields, name, &Field::name) == fields.end()) {
        append_field(line, json, {name, value});
      }
    }
  }
  logger->log(spdlog_level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace inpaint::log
