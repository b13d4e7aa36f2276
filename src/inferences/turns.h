#pragma once

#include <cstdint>

#include "base/uuid.h"
#include "database/database.h"

// Whose work comes next: Start-time Fair Queueing (Goyal, Vin, Cheng: "Start-time Fair Queueing: A Scheduling
// Algorithm for Integrated Services Packet Switching Networks", 1996), with users as flows and items as
// packets. A turn counts items. Work begins at the turn that is served now, or after all that its user has
// waiting, whichever is later; the queue delivers the lowest turn first. So users who have work waiting
// advance side by side, item by item, whatever each has waiting; an idle user saves nothing up. A large
// inference keeps a worker for a slice of time only, and then gives way to a lower turn.
namespace inpaint::inferences {

// The turn of the first item of what the user submits now.
std::int64_t fair_turn(database::Session& sql, const UserId& user);

}  // namespace inpaint::inferences
