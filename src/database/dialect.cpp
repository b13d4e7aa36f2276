#include "database/dialect.h"

#include "database/session.h"

namespace inpaint::database {
namespace {

bool locks_rows(Session& sql) {
  return sql.get_backend_name() == "postgresql";
}

}  // namespace

const char* for_update(Session& sql) {
  return locks_rows(sql) ? " FOR UPDATE" : "";
}

const char* for_update_skip_locked(Session& sql) {
  return locks_rows(sql) ? " FOR UPDATE SKIP LOCKED" : "";
}

}  // namespace inpaint::database
