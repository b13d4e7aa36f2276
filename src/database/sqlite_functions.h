#pragma once

#include "database/database.h"

namespace inpaint::database {

// Registers the functions of dialect.h with a connection to SQLite. Throws kInternal.
void add_sqlite_functions(Session& sql);

}  // namespace inpaint::database
