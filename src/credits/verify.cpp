#include <utility>

#include "credits/ledger.h"
#include "database/session.h"

namespace inpaint::credits {
namespace {

// Each query yields the identity of what is wrong and the two amounts that should agree.
struct Check {
  const char* query;
  const char* subject;
  const char* found;
  const char* expected;
};

constexpr Check kChecks[] = {
    {"SELECT users.id, hundredths(users.tokens), hundredths(COALESCE(SUM(entries.amount), 0)) FROM users "
     "LEFT JOIN token_transactions AS entries ON entries.user_id = users.id GROUP BY users.id, users.tokens "
     "HAVING users.tokens <> COALESCE(SUM(entries.amount), 0) ORDER BY users.id",
     "user", "has a balance of", "but the sum of its rows is"},
    {"SELECT id, hundredths(balance_before), hundredths(expected) FROM (SELECT id, sequence, balance_before, "
     "LAG(balance_after, 1, 0) OVER (PARTITION BY user_id ORDER BY sequence) AS expected "
     "FROM token_transactions) AS chain WHERE balance_before <> expected ORDER BY sequence",
     "row", "starts at a balance of", "but the row before it left"},
    {"SELECT id, hundredths(balance_after), hundredths(balance_before + amount) FROM token_transactions "
     "WHERE balance_after <> balance_before + amount ORDER BY sequence",
     "row", "ends at a balance of", "but its own figures give"},
    // An ended inference whose reservation is still pending, or a live one whose reservation is not.
    {"SELECT inferences.id, hundredths(COALESCE(SUM(CASE WHEN entries.status = 'pending' THEN "
     "-entries.amount ELSE 0 END), 0)), hundredths(CASE WHEN inferences.status IN ('PENDING', 'RUNNING') "
     "THEN "
     "inferences.tokens_reserved ELSE 0 END) FROM inferences LEFT JOIN token_transactions AS entries ON "
     "entries.operation_type = 'inference' "
     "AND entries.operation_id = inferences.id "
     "GROUP BY inferences.id, inferences.status, inferences.tokens_reserved "
     "HAVING COALESCE(SUM(CASE WHEN entries.status = 'pending' THEN -entries.amount ELSE 0 END), 0) <> "
     "CASE WHEN inferences.status IN ('PENDING', 'RUNNING') THEN inferences.tokens_reserved ELSE 0 END "
     "ORDER BY inferences.id",
     "inference", "holds reserved tokens of", "but by its status it should hold"},
    {"SELECT entries.id, hundredths(-entries.amount), 0 FROM token_transactions AS entries "
     "LEFT JOIN inferences ON inferences.id = entries.operation_id "
     "WHERE entries.status = 'pending' AND inferences.id IS NULL ORDER BY entries.sequence",
     "row", "reserves", "for an inference that does not exist; it should reserve"},
    {"SELECT inferences.id, hundredths(inferences.tokens_refunded), "
     "hundredths(COALESCE(SUM(entries.amount), 0)) FROM inferences "
     "LEFT JOIN token_transactions AS entries ON entries.operation_type = 'refund' "
     "AND entries.operation_id = inferences.id GROUP BY inferences.id, inferences.tokens_refunded "
     "HAVING inferences.tokens_refunded <> COALESCE(SUM(entries.amount), 0) ORDER BY inferences.id",
     "inference", "says it refunded", "but its refund rows add up to"},
    {"SELECT refunds.operation_id, hundredths(refunds.amount), hundredths(COALESCE(-paid.amount, 0)) "
     "FROM token_transactions AS refunds LEFT JOIN token_transactions AS paid ON paid.operation_type = "
     "'inference' "
     "AND paid.operation_id = refunds.operation_id WHERE refunds.operation_type = 'refund' "
     "AND (refunds.amount > COALESCE(-paid.amount, 0) "
     "OR (paid.status = 'refunded' AND refunds.amount <> -paid.amount)) ORDER BY refunds.sequence",
     "inference", "was refunded", "but what had been paid is"},
    {"SELECT operation_type || ' ' || status, hundredths(kept), hundredths(summed) FROM (SELECT "
     "operation_type, status, "
     "SUM(kept) AS kept, SUM(summed) AS summed FROM (SELECT operation_type, status, amount AS kept, "
     "0 AS summed FROM transaction_totals UNION ALL SELECT operation_type, status, 0, amount "
     "FROM token_transactions) AS both_sides GROUP BY operation_type, status) AS compared "
     "WHERE kept <> summed ORDER BY operation_type, status",
     "the total of rows", "is kept as", "but they add up to"},
};

long long count(Session& sql, const char* query) {
  long long number = 0;
  sql << query, soci::into(number);
  return number;
}

}  // namespace

Verification verify(Session& sql) {
  Verification verification;
  verification.users = count(sql, "SELECT COUNT(*) FROM users");
  verification.entries = count(sql, "SELECT COUNT(*) FROM token_transactions");
  for (const Check& check : kChecks) {
    std::string id;
    long long found = 0;
    long long expected = 0;
    soci::statement statement =
        (sql.prepare << check.query, soci::into(id), soci::into(found), soci::into(expected));
    statement.execute();
    while (statement.fetch()) {
      verification.differences.push_back(std::string(check.subject) + " " + id + " " + check.found + " " +
                                         Credits{found}.to_string() + " " + check.expected + " " +
                                         Credits{expected}.to_string());
    }
  }
  return verification;
}

}  // namespace inpaint::credits
