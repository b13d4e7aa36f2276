#include "database/transfer.h"

#include <deque>
#include <string>
#include <vector>

#include "database/query.h"

namespace inpaint::database {
namespace {

struct TextRow {
  std::string text;
  void bind(soci::statement& statement) { statement.exchange(soci::into(text)); }
  std::string value() const { return text; }
};

struct Column {
  std::string name;
  std::string type;         // PostgreSQL's name of it
  bool is_counter = false;  // numbered by the database
};

struct ColumnRow {
  Column column;
  int is_counter = 0;
  void bind(soci::statement& statement) {
    statement.exchange(soci::into(column.name));
    statement.exchange(soci::into(column.type));
    statement.exchange(soci::into(is_counter));
  }
  Column value() const { return {column.name, column.type, is_counter != 0}; }
};

// In the order in which they were made, so that what a row refers to comes before it.
std::vector<std::string> tables_of(Session& source) {
  return select<TextRow>(source,
                         "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' "
                         "AND name <> 'schema_migrations' ORDER BY rowid");
}

std::vector<Column> columns_of(Session& target, const std::string& table) {
  return select<ColumnRow>(
      target,
      "SELECT column_name, data_type, is_identity = 'YES' FROM information_schema.columns "
      "WHERE table_schema = current_schema() AND table_name = :name "
      "ORDER BY ordinal_position",
      table);
}

// Values leave and enter as text, those that SQLite spells differently through the functions of dialect.h.
std::string leaving(const Column& column) {
  if (column.type == "numeric") return "hundredths(" + column.name + ")";
  if (column.type == "timestamp with time zone") return "epoch_ms(" + column.name + ")";
  if (column.type == "ARRAY") return "tags_json(" + column.name + ")";
  return column.name;
}

std::string entering(const Column& column) {
  std::string parameter = ":" + column.name;
  if (column.type == "numeric") return "tokens_of(" + parameter + ")";
  if (column.type == "timestamp with time zone") return "time_of(" + parameter + ")";
  if (column.type == "ARRAY") return "tags_of(" + parameter + ")";
  return parameter;
}

std::string select_statement(const std::string& table, const std::vector<Column>& columns) {
  std::string values;
  for (const Column& column : columns) {
    values += (values.empty() ? "CAST(" : ", CAST(") + leaving(column) + " AS TEXT)";
  }
  return "SELECT " + values + " FROM " + table;
}

std::string insert_statement(const std::string& table, const std::vector<Column>& columns) {
  std::string names;
  std::string values;
  for (const Column& column : columns) {
    names += (names.empty() ? "" : ", ") + column.name;
    values += (values.empty() ? "" : ", ") + entering(column);
  }
  return "INSERT INTO " + table + "(" + names + ") VALUES (" + values + ")";
}

std::int64_t count(Session& sql, const std::string& table) {
  return select<NumberRow>(sql, "SELECT COUNT(*) FROM " + table).front();
}

void copy_rows(Session& source, Session& target, const std::string& table,
               const std::vector<Column>& columns) {
  struct Cell {
    std::string text;
    soci::indicator indicator = soci::i_null;
  };
  std::deque<Cell> row(columns.size());
  soci::statement leave(source);
  soci::statement enter(target);
  for (Cell& cell : row) {
    leave.exchange(soci::into(cell.text, cell.indicator));
    enter.exchange(soci::use(cell.text, cell.indicator));
  }
  leave.alloc();
  leave.prepare(select_statement(table, columns));
  leave.define_and_bind();
  enter.alloc();
  enter.prepare(insert_statement(table, columns));
  enter.define_and_bind();
  leave.execute(false);
  // Triggers keep count of rows in other tables, which are copied too.
  target << "ALTER TABLE " << table << " DISABLE TRIGGER USER";
  while (leave.fetch()) enter.execute(true);
  target << "ALTER TABLE " << table << " ENABLE TRIGGER USER";
}

void count_on(Session& target, const std::string& table, const std::vector<Column>& columns) {
  for (const Column& column : columns) {
    if (!column.is_counter) continue;
    std::string query = "SELECT setval(pg_get_serial_sequence('";
    query += table + "', '" + column.name;
    query += "'), COALESCE(MAX(" + column.name + "), 0) + 1, FALSE) FROM " + table;
    select<NumberRow>(target, query);
  }
}

}  // namespace

std::int64_t transfer(Session& source, Session& target) {
  const std::vector<std::string> tables = tables_of(source);
  for (const std::string& table : tables) {
    if (count(target, table) == 0) continue;
    throw conflict("TARGET_NOT_EMPTY",
                   "The target is not empty: its table " + table + " has rows. Nothing was changed.");
  }
  std::int64_t rows = 0;
  for (const std::string& table : tables) {
    const std::vector<Column> columns = columns_of(target, table);
    copy_rows(source, target, table, columns);
    count_on(target, table, columns);
    const std::int64_t copied = count(target, table);
    if (copied != count(source, table)) throw internal("the table " + table + " was not copied whole");
    rows += copied;
  }
  return rows;
}

}  // namespace inpaint::database
