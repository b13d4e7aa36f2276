#include "credits/ledger.h"

#include <optional>
#include <utility>

#include "base/error.h"
#include "credits/prices.h"
#include "database/dialect.h"
#include "database/query.h"

namespace inpaint::credits {
namespace {

using database::change;
using database::first_of;
using database::NumberRow;
using database::select;

struct Posting {
  std::string_view type;
  std::string operation_id;
  Credits amount;
  std::string_view status;
  std::string_view description;
};

long long number(Credits amount) {
  return amount.hundredths();
}

std::optional<Credits> credits_of(std::optional<long long> hundredths) {
  if (!hundredths) return std::nullopt;
  return Credits{*hundredths};
}

void insert_entry(Session& sql, const std::string& user_id, const Posting& posting, Credits balance_after) {
  const long long now = Timestamp::now().unix_ms;
  change(sql,
         "INSERT INTO token_transactions(id, user_id, operation_type, operation_id, amount, balance_before, "
         "balance_after, status, description, created_at) "
         "VALUES (:id, :user_id, :type, :operation_id, tokens_of(:amount), tokens_of(:before), "
         "tokens_of(:after), :status, :description, time_of(:now))",
         Uuid::make().to_string(), user_id, std::string(posting.type), posting.operation_id,
         number(posting.amount), number(balance_after - posting.amount), number(balance_after),
         std::string(posting.status), std::string(posting.description), now);
}

// The balance after adding `amount`, or nothing when the user is not there or has too little.
std::optional<Credits> change_balance(Session& sql, const std::string& user_id, Credits amount) {
  const long long now = Timestamp::now().unix_ms;
  return credits_of(first_of(
      select<NumberRow>(sql,
                        "UPDATE users SET tokens = tokens + tokens_of(:change), updated_at = time_of(:now) "
                        "WHERE id = :id AND tokens + tokens_of(:change2) >= 0 RETURNING hundredths(tokens)",
                        number(amount), now, user_id, number(amount))));
}

Credits pay(Session& sql, const UserId& user, const Posting& posting) {
  if (posting.amount >= Credits{}) throw internal("a payment must be positive");
  const std::optional<Credits> left = change_balance(sql, user.to_string(), posting.amount);
  if (!left) throw_insufficient(-posting.amount, balance(sql, user));
  insert_entry(sql, user.to_string(), posting, *left);
  return *left;
}

// The ledger outlives the account: a refund to a deleted user is booked against the last row. Its first row
// is locked in the place of the user's, so that one refund follows the other.
Credits balance_in_rows(Session& sql, const std::string& user_id) {
  select<NumberRow>(
      sql,
      std::string("SELECT sequence FROM token_transactions WHERE operation_type = 'registration' "
                  "AND operation_id = :user") +
          database::for_update(sql),
      user_id);
  return Credits{
      select<NumberRow>(
          sql, "SELECT hundredths(COALESCE(SUM(amount), 0)) FROM token_transactions WHERE user_id = :id",
          user_id)
          .front()};
}

void give_back(Session& sql, const std::string& user_id, const InferenceId& inference, Credits amount,
               std::string_view description) {
  if (amount == Credits{}) return;
  std::optional<Credits> after = change_balance(sql, user_id, amount);
  if (!after) after = balance_in_rows(sql, user_id) + amount;
  insert_entry(sql, user_id, {"refund", inference.to_string(), amount, "completed", description}, *after);
}

struct Reservation {
  std::string user_id;
  Credits amount;
};

// Ends the reservation; the condition on its status makes the second of two callers fail.
Reservation end_reservation(Session& sql, const InferenceId& inference, const std::string& status) {
  struct Row {
    std::string user_id;
    long long amount = 0;
    void bind(soci::statement& statement) {
      statement.exchange(soci::into(user_id));
      statement.exchange(soci::into(amount));
    }
    Reservation value() const { return {user_id, Credits{-amount}}; }
  };
  std::optional<Reservation> ended =
      first_of(select<Row>(sql,
                           "UPDATE token_transactions SET status = :status "
                           "WHERE operation_type = 'inference' AND operation_id = :id AND status = 'pending' "
                           "RETURNING user_id, hundredths(amount)",
                           status, inference.to_string()));
  if (!ended) throw conflict("RESERVATION_ENDED", "The tokens of this inference have been settled already.");
  return *std::move(ended);
}

}  // namespace

void throw_insufficient(Credits required, Credits available) {
  throw Error(
      ErrorKind::kPaymentRequired, "INSUFFICIENT_TOKENS",
      "Not enough tokens: " + required.to_string() + " required, " + available.to_string() + " available.",
      {{"required", required.to_string()}, {"available", available.to_string()}});
}

Credits open_account(Session& sql, const UserId& user) {
  const std::optional<Credits> after = change_balance(sql, user.to_string(), kRegistrationGift);
  if (!after) throw internal("an account was opened for a user that is not there");
  insert_entry(sql, user.to_string(),
               {"registration", user.to_string(), kRegistrationGift, "completed", "Tokens of a new account"},
               *after);
  return *after;
}

Credits charge_upload(Session& sql, const UserId& user, Credits price, const Uuid& upload,
                      std::string_view description) {
  return pay(sql, user, {"upload", upload.to_string(), -price, "completed", description});
}

Credits reserve(Session& sql, const UserId& user, Credits price, const InferenceId& inference,
                std::string_view description) {
  return pay(sql, user, {"inference", inference.to_string(), -price, "pending", description});
}

void confirm(Session& sql, const InferenceId& inference, Credits refund, std::string_view description) {
  const Reservation reservation = end_reservation(sql, inference, "completed");
  if (refund < Credits{} || refund > reservation.amount) throw internal("a refund exceeds what was paid");
  give_back(sql, reservation.user_id, inference, refund, description);
}

Credits cancel(Session& sql, const InferenceId& inference, std::string_view description) {
  const Reservation reservation = end_reservation(sql, inference, "refunded");
  give_back(sql, reservation.user_id, inference, reservation.amount, description);
  return reservation.amount;
}

Credits recharge(Session& sql, const UserId& user, Credits amount, std::string_view description) {
  if (amount <= Credits{} || amount > kLargestRecharge) throw internal("a recharge out of range");
  const std::string& id = user.to_string();
  const long long now = Timestamp::now().unix_ms;
  // Locked before it is counted what is reserved, so that nothing is reserved or given back in between.
  const auto locked = select<NumberRow>(
      sql, std::string("SELECT 1 FROM users WHERE id = :id") + database::for_update(sql), id);
  if (locked.empty()) throw not_found("There is no such user.");
  // What is reserved counts too: a later refund must always fit.
  const std::optional<Credits> after = credits_of(first_of(select<NumberRow>(
      sql,
      "UPDATE users SET tokens = tokens + tokens_of(:change), updated_at = time_of(:now) WHERE id = :id "
      "AND tokens + tokens_of(:change2) + (SELECT COALESCE(-SUM(amount), 0) FROM token_transactions "
      "WHERE user_id = :id2 AND status = 'pending') <= tokens_of(:maximum) RETURNING hundredths(tokens)",
      number(amount), now, id, number(amount), id, number(kMaximumBalance))));
  if (!after) {
    throw invalid("BALANCE_LIMIT",
                  "The balance would pass the limit of " + kMaximumBalance.to_string() + " tokens.",
                  {{"amount", "the balance would pass " + kMaximumBalance.to_string()}});
  }
  insert_entry(sql, id, {"recharge", Uuid::make().to_string(), amount, "completed", description}, *after);
  return *after;
}

Credits balance(Session& sql, const UserId& user) {
  const std::optional<Credits> found = credits_of(first_of(
      select<NumberRow>(sql, "SELECT hundredths(tokens) FROM users WHERE id = :id", user.to_string())));
  if (!found) throw not_found("There is no such user.");
  return *found;
}

std::vector<Entry> recent_entries(Session& sql, const UserId& user, int limit) {
  const std::string& user_id = user.to_string();
  Entry entry;
  long long amount = 0;
  long long before = 0;
  long long after = 0;
  long long created_at = 0;
  soci::statement statement =
      (sql.prepare << "SELECT id, user_id, operation_type, operation_id, hundredths(amount), "
                      "hundredths(balance_before), hundredths(balance_after), status, description, "
                      "epoch_ms(created_at) FROM token_transactions "
                      "WHERE user_id = :user_id ORDER BY sequence DESC LIMIT :limit",
       soci::use(user_id), soci::use(limit), soci::into(entry.id), soci::into(entry.user_id),
       soci::into(entry.type), soci::into(entry.operation_id), soci::into(amount), soci::into(before),
       soci::into(after), soci::into(entry.status), soci::into(entry.description), soci::into(created_at));
  statement.execute();
  std::vector<Entry> entries;
  while (statement.fetch()) {
    entry.amount = Credits{amount};
    entry.balance_before = Credits{before};
    entry.balance_after = Credits{after};
    entry.created_at = Timestamp{created_at};
    entries.push_back(entry);
  }
  return entries;
}

std::optional<Credits> balance_of(const std::vector<Entry>& recent_entries) {
  if (recent_entries.empty()) return std::nullopt;
  return recent_entries.front().balance_after;
}

}  // namespace inpaint::credits
