// credits/ holds the prices and the ledger: the only code that changes a balance. Every change is one
// conditional UPDATE and one token_transactions row in the caller's transaction, so that money moves
// exactly when the thing that is paid for does. It uses database/ and base/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/credits.h"
#include "base/time.h"
#include "base/uuid.h"
#include "database/database.h"

namespace inpaint::credits {

using database::Session;

// One row of the ledger. The balance of a user is the sum of the amounts of its rows.
struct Entry {
  std::string id;
  std::string user_id;
  std::string type;          // registration, upload, inference, refund, recharge
  std::string operation_id;  // of the user, upload, inference or recharge; one row per type and operation
  Credits amount;            // negative when the user pays
  Credits balance_before;
  Credits balance_after;
  std::string status;  // pending (reserved), completed, refunded (a reservation that was given back)
  std::string description;
  Timestamp created_at;
};

// The gift of a new account, whose row must be there with a balance of 0. Returns the balance.
Credits open_account(Session& sql, const UserId& user);

// Takes `price` > 0 for something that is delivered in the same transaction. Returns the balance that is
// left. Throws kPaymentRequired INSUFFICIENT_TOKENS with details "required" and "available".
Credits charge_upload(Session& sql, const UserId& user, Credits price, const Uuid& upload,
                      std::string_view description);

// Takes `price` > 0 for an inference that is still to be delivered. Returns the balance that is left.
// Throws as charge_upload does.
Credits reserve(Session& sql, const UserId& user, Credits price, const InferenceId& inference,
                std::string_view description);

// Ends a reservation: the inference was delivered, except for what `refund` (0 ≤ refund ≤ reserved) gives
// back. Throws kConflict RESERVATION_ENDED unless it is pending: it can be settled once only.
void confirm(Session& sql, const InferenceId& inference, Credits refund, std::string_view description);

// Ends a reservation by giving everything back. Throws as confirm does. Returns the amount given back.
Credits cancel(Session& sql, const InferenceId& inference, std::string_view description);

// Adds 0 < amount ≤ kLargestRecharge. Returns the new balance. Throws kInvalid BALANCE_LIMIT when the
// balance together with what may still be refunded would pass kMaximumBalance; kNotFound.
Credits recharge(Session& sql, const UserId& user, Credits amount, std::string_view description);

// Throws kNotFound.
Credits balance(Session& sql, const UserId& user);

// The newest entries of a user, newest first.
std::vector<Entry> recent_entries(Session& sql, const UserId& user, int limit);

// The balance at the moment these entries were read, when a balance read by itself may be of another one.
std::optional<Credits> balance_of(const std::vector<Entry>& recent_entries);

// Throws the INSUFFICIENT_TOKENS error of charge_upload and reserve.
[[noreturn]] void throw_insufficient(Credits required, Credits available);

// What `inpaint ledger verify` reports, one sentence per difference; empty when the books are right.
// Checks for every user that the balance is the sum of its rows, that each row starts at the balance the
// row before left, that every reservation is as open or as ended as its inference is, and that no amount
// was refunded that had not been paid.
struct Verification {
  std::int64_t users = 0;
  std::int64_t entries = 0;
  std::vector<std::string> differences;
};
Verification verify(Session& sql);

}  // namespace inpaint::credits
