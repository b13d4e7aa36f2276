#pragma once

#include "cli/metrics.h"
#include "cli/platform.h"
#include "http/router.h"

namespace inpaint::cli {

// /, /health, /ready and /metrics. What is passed must outlive the router.
void add_service_routes(http::Router& router, Platform& platform, Metrics& metrics);

}  // namespace inpaint::cli
