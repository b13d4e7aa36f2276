#pragma once

#include "database/database.h"
#include "http/router.h"
#include "queue/queue.h"

namespace inpaint::admin {

// Adds everything under /api/debug. What is passed must outlive the router.
void add_debug_routes(http::Router& router, database::Database& database, queue::Queue& queue);

}  // namespace inpaint::admin
