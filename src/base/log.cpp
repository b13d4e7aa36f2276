#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/time.h"

namespace inpaint::log {
namespace {

constexpr auto kJsonLogger = "json";
constexpr auto kConsoleLogger = "console";

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      break;
  }
  return spdlog::level::off;
}

// spdlog does not escape, so every text passes through the JSON library; bad UTF-8 is replaced.
std::string escaped(std::string_view text) {
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (is_plain) return '"' + std::string(text) + '"';  // nearly always
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string to_text(const std::variant<std::string, std::int64_t, double>& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return escaped(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  return nlohmann::json(std::get<double>(value)).dump();
}

}  // namespace

void start(Level level, bool json) {
  auto logger = std::make_shared<spdlog::logger>(json ? kJsonLogger : kConsoleLogger,
                                                 std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_level(to_spdlog(level));
  logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%H:%M:%S %^%-5l%$ %v",
                      spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
}

void set_level(Level level) {
  spdlog::default_logger_raw()->set_level(to_spdlog(level));
}

void write(Level level, std::string_view domain, std::string_view message,
           std::initializer_list<Field> fields) {
  spdlog::logger* logger = spdlog::default_logger_raw();
  const auto spdlog_level = to_spdlog(level);
  if (!logger->should_log(spdlog_level)) return;

  const bool json = logger->name() == kJsonLogger;
  std::string line;
  if (json) {
    line.append("\"domain\":").append(escaped(domain)).append(",\"message\":").append(escaped(message));
  } else {
    line.append(domain).append(": ").append(message);
  }
  for (const Field& field : fields) {
    line.append(json ? "," : "  ").append(json ? escaped(field.name) : std::string(field.name));
    line.append(json ? ":" : "=").append(to_text(field.value));
  }
  logger->log(spdlog_level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace inpaint::log
