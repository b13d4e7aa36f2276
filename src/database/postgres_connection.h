#pragma once

#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>

#include <memory>
#include <string>

#include "database/inquiry.h"
#include "database/session.h"

// Inside database/ only: what stands below SOCI.
namespace inpaint::database {

inline PGconn* connection_of(Session& sql) {
  return static_cast<soci::postgresql_session_backend*>(sql.get_backend())->conn_;
}

// Blocks until the query is prepared. Throws as SOCI does, or kInternal.
std::unique_ptr<Inquiry> make_postgres_inquiry(std::unique_ptr<Session> session, const std::string& query);

}  // namespace inpaint::database
