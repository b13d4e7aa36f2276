#include "inferences/turns.h"

#include <algorithm>

#include "inferences/turn_repository.h"

namespace inpaint::inferences {

std::int64_t fair_turn(database::Session& sql, const UserId& user) {
  return std::max(repository::current_turn(sql), repository::next_turn_of(sql, user));
}

}  // namespace inpaint::inferences
