#include <string>

#include "base/time.h"
#include "database/database.h"
#include "database/schema.h"
#include "database/session.h"

namespace inpaint::database {

int Database::migrate() {
  return transaction([this](Session& sql) {
    unwatch(sql);  // the rows of a large installation may take their time
    for (const std::string_view statement : schema().preparation) sql << std::string(statement);
    int version = 0;
    sql << "SELECT COALESCE(MAX(version), 0) FROM schema_migrations", soci::into(version);
    if (version > schema().migrations.back().version) {
      throw Error(ErrorKind::kUnavailable, "SCHEMA_TOO_NEW",
                  "The database was written by a newer version of inpaint (schema " +
                      std::to_string(version) + "). Install that version or a later one.");
    }
    for (const Migration& migration : schema().migrations) {
      if (migration.version <= version) continue;
      for (const std::string_view statement : migration.statements) sql << std::string(statement);
      const auto now = static_cast<long long>(Timestamp::now().unix_ms);
      sql << "INSERT INTO schema_migrations(version, applied_at) VALUES (:version, time_of(:now))",
          soci::use(migration.version), soci::use(now);
      version = migration.version;
    }
    return version;
  });
}

}  // namespace inpaint::database
