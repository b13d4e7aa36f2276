#include "database/sqlite_functions.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "database/session.h"

namespace inpaint::database {
namespace {

using sqlite_api::sqlite3_context;
using sqlite_api::sqlite3_value;

// SQLite holds hundredths, milliseconds and JSON themselves.
void unchanged(sqlite3_context* context, int, sqlite3_value** arguments) {
  sqlite_api::sqlite3_result_value(context, arguments[0]);
}

std::string_view text_of(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite_api::sqlite3_value_text(value));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite_api::sqlite3_value_bytes(value))};
}

// A tag is found by its JSON form, quotation marks and all.
void has_tag(sqlite3_context* context, int, sqlite3_value** arguments) {
  const std::string form = nlohmann::json(text_of(arguments[1])).dump();
  const bool found = text_of(arguments[0]).find(form) != std::string_view::npos;
  sqlite_api::sqlite3_result_int(context, found ? 1 : 0);
}

}  // namespace

void add_sqlite_functions(Session& sql) {
  auto* connection = static_cast<soci::sqlite3_session_backend*>(sql.get_backend())->conn_;
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  const auto add = [&](const char* name, int arguments, auto function) {
    const int result = sqlite_api::sqlite3_create_function_v2(connection, name, arguments, kFlags, nullptr,
                                                              function, nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) throw internal(std::string("SQLite refuses the function ") + name);
  };
  for (const char* name : {"hundredths", "tokens_of", "epoch_ms", "time_of", "tags_json", "tags_of"}) {
    add(name, 1, unchanged);
  }
  add("has_tag", 2, has_tag);
}

}  // namespace inpaint::database
