#pragma once

#include <cstdint>

#include "base/uuid.h"
#include "database/database.h"

// The SQL of turns.h, and nothing else. Every function is one step of the caller's read or transaction.
namespace inpaint::inferences::repository {

using database::Session;

// The lowest turn of all that is live, and the one after the last item that the user has live; 0 when nothing
// is.
std::int64_t current_turn(Session& sql);
std::int64_t next_turn_of(Session& sql, const UserId& user);
// It is worked on up to this turn.
void set_turn(Session& sql, const InferenceId& id, std::int64_t turn);

}  // namespace inpaint::inferences::repository
