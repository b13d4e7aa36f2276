#pragma once

#include <soci/soci.h>

#include <string>
#include <unordered_map>

#include "database/database.h"

namespace inpaint::database {

// A connection that keeps its prepared statements, because preparing a small statement costs several times
// what running it does. Included by .cpp files only, because of SOCI's headers.
class Session : public soci::session {
 public:
  Session() = default;
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // A statement for the query with nothing bound to it, prepared before or now. The caller's until it is
  // kept: one that failed half-way is simply dropped.
  soci::statement take(const std::string& query);
  // For the next who wants the same. It must have run to its end, or it would hold up COMMIT.
  void keep(const std::string& query, soci::statement statement);

 private:
  std::unordered_map<std::string, soci::statement> prepared_;
};

}  // namespace inpaint::database
