#pragma once

#include "database/database.h"

// What SQLite and PostgreSQL spell differently. Both know these functions, so that a statement is written
// once; on SQLite they are registered with every connection, on PostgreSQL the first migration makes them.
//
//   hundredths(amount)   a column of tokens as Credits::hundredths()    DECIMAL(10,2) -> BIGINT
//   tokens_of(number)    and back                                       BIGINT -> DECIMAL
//   epoch_ms(time)       a column of times as Timestamp::unix_ms        TIMESTAMPTZ -> BIGINT
//   time_of(number)      and back                                       BIGINT -> TIMESTAMPTZ
//   tags_json(tags)      a column of tags as a JSON array               TEXT[] -> TEXT
//   tags_of(json)        and back                                       TEXT -> TEXT[]
//   has_tag(tags, tag)   whether the tag is one of them                 TEXT[], TEXT -> BOOLEAN
//
// SQLite keeps what PostgreSQL gets from them: it has no exact decimal, no time and no array type.
namespace inpaint::database {

// What a SELECT ends with that locks the rows it found until its transaction ends. Nothing on SQLite, where
// a transaction is alone from its beginning.
const char* for_update(Session& sql);

// The same for whoever wants any row that nobody else has locked.
const char* for_update_skip_locked(Session& sql);

}  // namespace inpaint::database
