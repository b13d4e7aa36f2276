#pragma once

#include <optional>
#include <string>

#include "base/uuid.h"
#include "database/database.h"
#include "inferences/inference.h"

// How an inference ends. The end and the end of its reservation are one change: whoever comes second finds
// nothing live and changes nothing, and when the tokens can't be given back the inference has not ended.
namespace inpaint::inferences::settlement {

using database::Session;

// When every item has been worked on: COMPLETED with the failed items refunded, or FAILED with everything
// refunded when not one is done. Nothing when it had ended before.
std::optional<Status> complete(Session& sql, const InferenceId& id);

// FAILED, all refunded. False when it had ended before.
bool fail(Session& sql, const InferenceId& id, const std::string& reason);

// ABORTED, all refunded, because results are delivered only of completed inferences. False when it had
// ended before.
bool abort(Session& sql, const InferenceId& id);

// For the deletion of a user, in the transaction that deletes: what is live is aborted.
void abort_inferences_of(Session& sql, const UserId& user);

}  // namespace inpaint::inferences::settlement
