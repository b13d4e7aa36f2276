#pragma once

#include "admin/service.h"
#include "http/router.h"

namespace inpaint::admin {

// Adds everything under /api/admin. What is passed must outlive the router.
void add_routes(http::Router& router, Service& service);

}  // namespace inpaint::admin
