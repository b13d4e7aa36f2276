#include "inferences/settlement.h"

#include "base/error.h"
#include "credits/ledger.h"
#include "inferences/repository.h"

namespace inpaint::inferences::settlement {
namespace {

bool end_with_full_refund(Session& sql, const InferenceId& id, Status status,
                          const std::optional<std::string>& error, std::string_view description) {
  if (!repository::end(sql, id, status, std::nullopt, error)) return false;
  repository::remove_rings_of(sql, id);
  credits::cancel(sql, id, description);
  return true;
}

}  // namespace

std::optional<Status> complete(Session& sql, const InferenceId& id) {
  const repository::Tally tally = repository::tally(sql, id);
  if (tally.pending > 0) throw internal("an inference was to be completed with items not worked on");
  if (tally.done == 0) {
    const bool failed = fail(sql, id, "No item could be inpainted: " + tally.first_reason);
    return failed ? std::optional(Status::kFailed) : std::nullopt;
  }
  if (!repository::end(sql, id, Status::kCompleted, tally.price_of_failed, std::nullopt)) {
    return std::nullopt;
  }
  credits::confirm(sql, id, tally.price_of_failed, "Refund of the items that failed");
  return Status::kCompleted;
}

bool fail(Session& sql, const InferenceId& id, const std::string& reason) {
  return end_with_full_refund(sql, id, Status::kFailed, reason, "Refund of a failed inference");
}

bool abort(Session& sql, const InferenceId& id) {
  return end_with_full_refund(sql, id, Status::kAborted, std::nullopt, "Refund of an aborted inference");
}

void abort_inferences_of(Session& sql, const UserId& user) {
  for (const InferenceId& id : repository::live_of_user(sql, user)) abort(sql, id);
}

}  // namespace inpaint::inferences::settlement
