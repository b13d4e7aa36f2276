#pragma once

#include "credits/ledger.h"
#include "http/json.h"

namespace inpaint::credits {

// {id, type, amount, status, balanceBefore, balanceAfter, operationId, description, createdAt}
http::Json to_json(const Entry& entry);

// What each operation costs, by name.
http::Json prices_json();

}  // namespace inpaint::credits
