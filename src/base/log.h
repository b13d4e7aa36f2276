#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace inpaint::log {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };

// "debug", "info", "warn", "error", "off"
std::string_view to_string(Level level);
// Or "warning", as lines say.
std::optional<Level> parse_level(std::string_view text);

// One named value of a log line, for as long as the call lasts. Never a password, a token, a signed link or a
// bound SQL value.
struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double> value;
};

// Sets the level and the form: JSON lines, or coloured text when stderr is a terminal. Call once at start;
// level and set_level may be called at any time from any thread. JSON lines are written in batches
// (line_sink.h).
void start(Level level, bool json);
Level level();
void set_level(Level level);

// What a piece of work has to say on every line that is written for it: its request, its user.
class Context {
 public:
  void set(std::string_view name, std::string value);  // replaces
  const auto& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// Decorates every line that this thread writes until the end of the scope with the context's fields, except
// those that the line gives itself. The context must outlive the scope; scopes nest, the innermost counts.
class Scope {
 public:
  explicit Scope(Context& context);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Context* outer_;
};

// Sets a field of the context in force on this thread; without one, nothing.
void annotate(std::string_view name, const std::string& value);

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
