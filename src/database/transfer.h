#pragma once

#include <cstdint>

#include "database/database.h"

namespace inpaint::database {

// Copies every row of every table from SQLite to PostgreSQL, ids and all, and goes on counting where it
// stopped. Both have the newest schema and are held by the caller's transactions, so that nothing is written
// to the source meanwhile. Returns the number of rows. Throws kConflict TARGET_NOT_EMPTY; kInternal when a
// table has not as many rows in the end as at the source.
std::int64_t transfer(Session& source, Session& target);

}  // namespace inpaint::database
