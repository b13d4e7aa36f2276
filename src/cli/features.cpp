#include "cli/features.h"

#include "accounts/callers.h"
#include "accounts/routes.h"
#include "admin/debug_routes.h"
#include "admin/routes.h"
#include "cli/documentation_routes.h"
#include "cli/service_routes.h"
#include "datasets/routes.h"
#include "inferences/routes.h"
#include "inferences/settlement.h"

namespace inpaint::cli {
namespace {

media::ArchiveLimits archive_limits(const Config& config) {
  return {.maximum_entries = config.maximum_archive_entries,
          .maximum_total_bytes = config.maximum_archive_bytes};
}

}  // namespace

Features::Features(const Config& config, Platform& platform, const std::string& secret)
    : links(secret),
      accounts(*platform.database, accounts::Sessions(secret, config.session_lifetime), config.bcrypt_cost,
               [](database::Session& sql, const UserId& user) {
                 inferences::settlement::abort_inferences_of(sql, user);
                 datasets::repository::mark_orphaned(sql, user);
               }),
      datasets(*platform.database),
      ingest(*platform.database, *platform.storage, platform.temporary, platform.limits,
             platform.video_limits, archive_limits(config)),
      inferences(*platform.database, *platform.queue, platform.relay),
      admin(accounts, *platform.database) {}

http::Authentication make_authentication(Features& features, Platform& platform) {
  accounts::Service& accounts = features.accounts;
  database::Database& database = *platform.database;
  return {[&](std::span<http::Caller> callers) { accounts::authenticate(accounts, callers); },
          accounts::is_administrator, [&] { return accounts::open_caller_inquiry(accounts, database); }};
}

http::Router make_router(Features& features, Platform& platform, Metrics& metrics) {
  http::Router router;
  add_service_routes(router, platform, metrics);
  add_documentation_routes(router);
  accounts::add_routes(router, features.accounts, *platform.database);
  datasets::add_routes(
      router, features.datasets, features.ingest, *platform.storage, features.links,
      [&](const http::Request& r) { return features.accounts.authenticate(accounts::authorization_of(r)); });
  inferences::add_routes(router, features.inferences, *platform.storage, features.links);
  admin::add_routes(router, features.admin);
  admin::add_debug_routes(router, *platform.database, *platform.queue);
  return router;
}

}  // namespace inpaint::cli
