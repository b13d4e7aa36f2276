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

}  // namespace

void start(Level level, bool json) {
  spdlog::sink_ptr sink;
  if (json) {
    sink = std::make_shared<LineSink>(STDERR_FILENO);
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  }
  auto logger = std::make_shared<spdlog::logger>(json ? kJsonLogger : kConsoleLogger, std::move(sink));
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
  line.reserve(kUsualLine);
  if (json) {
    line.append("\"domain\":");
    append_escaped(line, domain);
    line.append(",\"message\":");
    append_escaped(line, message);
  } else {
    line.append(domain).append(": ").append(message);
  }
  for (const Field& field : fields) {
    if (json) {
      append_escaped(line.append(","), field.name);
      line.append(":");
    } else {
      line.append("  ").append(field.name).append("=");
    }
    append_value(line, field.value);
  }
  logger->log(spdlog_level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace inpaint::log
