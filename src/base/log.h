#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace inpaint::log {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };

// One named value of a log line, for as long as the call lasts. Never a password, a token, a signed link or a
// bound SQL value.
struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double> value;
};

// Sets the level and the form: JSON lines, or coloured text when stderr is a terminal. Call once at start;
// set_level may be called at any time from any thread. JSON lines are written in batches (line_sink.h).
void start(Level level, bool json);
void set_level(Level level);

// Writes one line to stderr: time, level, domain (users, datasets, inferences, credits, http, errors …),
// message, fields. Thread-safe. Text from outside is escaped.
void write(Level level, std::string_view domain, std::string_view message,
           std::initializer_list<Field> fields = {});

inline void debug(std::string_view domain, std::string_view message, std::initializer_list<Field> f = {}) {
  write(Level::kDebug, domain, message, f);
}
inline void info(std::string_view domain, std::string_view message, std::initializer_list<Field> f = {}) {
  write(Level::kInfo, domain, message, f);
}
inline void warn(std::string_view domain, std::string_view message, std::initializer_list<Field> f = {}) {
  write(Level::kWarn, domain, message, f);
}
inline void error(std::string_view domain, std::string_view message, std::initializer_list<Field> f = {}) {
  write(Level::kError, domain, message, f);
}

}  // namespace inpaint::log
