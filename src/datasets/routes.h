#pragma once

#include <functional>
#include <memory>

#include "accounts/signed_links.h"
#include "datasets/ingest.h"
#include "datasets/service.h"
#include "http/router.h"
#include "storage/storage.h"

namespace inpaint::datasets {

// Who sent a request. Throws kUnauthenticated.
using Authenticate = std::function<std::shared_ptr<const accounts::User>(const http::Request&)>;

// Adds everything under /api/datasets. What is passed must outlive the router. `authenticate` is for the one
// route that takes either a signed link or the owner's session.
void add_routes(http::Router& router, Service& service, Ingest& ingest, storage::Storage& storage,
                const accounts::SignedLinks& links, Authenticate authenticate);

}  // namespace inpaint::datasets
