#include "inferences/turn_repository.h"

#include "database/query.h"

namespace inpaint::inferences::repository {

using database::change;
using database::NumberRow;
using database::select;

std::int64_t current_turn(Session& sql) {
  return select<NumberRow>(sql,
                           "SELECT COALESCE(MIN(turn), 0) FROM inferences "
                           "WHERE status IN ('PENDING', 'RUNNING')")
      .front();
}

// Not by MAX(last_turn), for which PostgreSQL reads all that a user has live as long as it takes that for
// few.
std::int64_t next_turn_of(Session& sql, const UserId& user) {
  return select<NumberRow>(sql,
                           "SELECT COALESCE((SELECT last_turn FROM inferences WHERE user_id = :user "
                           "AND status IN ('PENDING', 'RUNNING') ORDER BY last_turn DESC LIMIT 1), 0)",
                           user.to_string())
      .front();
}

void set_turn(Session& sql, const InferenceId& id, std::int64_t turn) {
  change(sql, "UPDATE inferences SET turn = :turn WHERE id = :id AND status = 'RUNNING'",
         static_cast<long long>(turn), id.to_string());
}

}  // namespace inpaint::inferences::repository
