#pragma once

#include <string>

#include "accounts/service.h"
#include "accounts/signed_links.h"
#include "admin/service.h"
#include "cli/config.h"
#include "cli/metrics.h"
#include "cli/platform.h"
#include "datasets/ingest.h"
#include "datasets/service.h"
#include "http/authentication.h"
#include "http/router.h"
#include "inferences/service.h"

namespace inpaint::cli {

// The features on a platform, which must outlive them. `secret` signs sessions and links.
struct Features {
  Features(const Config& config, Platform& platform, const std::string& secret);

  accounts::SignedLinks links;
  accounts::Service accounts;
  datasets::Service datasets;
  datasets::Ingest ingest;
  inferences::Service inferences;
  admin::Service admin;
};

// How the server knows its callers. What is passed must outlive it.
http::Authentication make_authentication(Features& features, Platform& platform);

// Every route there is. What is passed must outlive the router.
http::Router make_router(Features& features, Platform& platform, Metrics& metrics);

}  // namespace inpaint::cli
