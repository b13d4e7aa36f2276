#pragma once

#include "accounts/signed_links.h"
#include "http/router.h"
#include "inferences/service.h"
#include "storage/storage.h"

namespace inpaint::inferences {

// Adds everything under /api/inferences. What is passed must outlive the router.
void add_routes(http::Router& router, Service& service, storage::Storage& storage,
                const accounts::SignedLinks& links);

}  // namespace inpaint::inferences
