#include "admin/service.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "database/session.h"
#include "datasets/service.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::admin {
namespace {

using accounts::User;
using database::Session;

class ServiceTest : public testing::Test {
 protected:
  static std::unique_ptr<database::Database> migrated(std::unique_ptr<database::Database> database) {
    database->migrate();
    return database;
  }

  void TearDown() override {
    const auto differences = database_->read([](Session& sql) { return credits::verify(sql).differences; });
    EXPECT_EQ(differences, std::vector<std::string>{});
  }

  User add(const std::string& email, accounts::Role role = accounts::Role::kUser) {
    return accounts_.register_user({"Ada", "Lovelace", email, "password1", role});
  }

  InferenceId reserve(const User& user, Credits price) {
    const InferenceId id = InferenceId::make();
    database_->transaction([&](Session& sql) {
      const std::string& inference = id.to_string();
      const std::string& owner = user.id.to_string();
      const long long amount = price.hundredths();
      sql << "INSERT INTO inferences(id, user_id, dataset_name, model_id, item_count, tokens_reserved, "
             "created_at, updated_at) VALUES (:id, :user, 'photos', 'telea', 1, tokens_of(:amount), "
             "time_of(0), time_of(0))",
          soci::use(inference), soci::use(owner), soci::use(amount);
      credits::reserve(sql, user.id, price, id, "Inference");
    });
    return id;
  }

  static repository::TransactionFilter filter(const std::optional<std::string>& type,
                                              const std::optional<std::string>& status = {},
                                              std::optional<Timestamp> from = {},
                                              std::optional<Timestamp> before = {}) {
    return {std::nullopt, type, status, from, before};
  }

  // The types of the transactions that a filter lets through, newest first.
  std::vector<std::string> types(const repository::TransactionFilter& filter,
                                 const std::optional<std::string>& email = {}, std::int64_t limit = 100,
                                 std::int64_t offset = 0) {
    std::vector<std::string> found;
    const Service::Statement statement = service_.transactions(filter, email, limit, offset);
    for (const auto& transaction : statement.transactions) found.push_back(transaction.entry.type);
    return found;
  }

  const test::TemporaryDirectory directory_;
  std::unique_ptr<database::Database> database_ = migrated(test::open_database(directory_.path(), 8));
  accounts::Service accounts_{*database_,
                              accounts::Sessions("0123456789abcdef0123456789abcdef", std::chrono::hours(1)),
                              4, [](Session&, const UserId&) {}};
  datasets::Service datasets_{*database_};
  Service service_{accounts_, *database_};
  const User administrator_ = add("admin@example.com", accounts::Role::kAdministrator);
};

using Types = std::vector<std::string>;

TEST_F(ServiceTest, transactions_are_filtered) {
  const User ada = add("ada@example.com");
  reserve(ada, Credits{2'75});
  service_.recharge(administrator_, ada.email, Credits{5'00});
  EXPECT_EQ(types({}), (Types{"recharge", "inference", "registration", "registration"}));
  EXPECT_EQ(types({}, "Ada@Example.com"), (Types{"recharge", "inference", "registration"}));
  EXPECT_EQ(types({}, "nobody@example.com"), Types{});
  EXPECT_EQ(types(filter("registration")), (Types{"registration", "registration"}));
  EXPECT_EQ(types(filter({}, "pending")), Types{"inference"});
  EXPECT_EQ(types(filter("inference", "completed")), Types{});
  EXPECT_EQ(types(filter("registration"), "ada@example.com"), Types{"registration"});
}

TEST_F(ServiceTest, transactions_are_filtered_by_time) {
  const Timestamp now = Timestamp::now();
  const auto hour = std::chrono::hours(1);
  EXPECT_EQ(types(filter({}, {}, now + -hour, now + hour)), Types{"registration"});
  EXPECT_EQ(types(filter({}, {}, now + hour)), Types{});
  EXPECT_EQ(types(filter({}, {}, {}, now + -hour)), Types{});
  const Timestamp made = service_.transactions({}, {}, 1, 0).transactions[0].entry.created_at;
  EXPECT_EQ(types(filter({}, {}, made)), Types{"registration"});
  EXPECT_EQ(types(filter({}, {}, {}, made)), Types{});
}

TEST_F(ServiceTest, every_transaction_is_on_exactly_one_page) {
  for (int i = 0; i < 23; ++i) service_.recharge(administrator_, administrator_.email, Credits{1 + i});
  for (const std::int64_t limit : {1, 5, 7, 24, 100}) {
    std::vector<std::int64_t> amounts;
    for (std::int64_t offset = 0; offset < 24; offset += limit) {
      const Service::Statement page = service_.transactions({}, {}, limit, offset);
      EXPECT_EQ(page.total, 24);
      for (const auto& one : page.transactions) amounts.push_back(one.entry.amount.hundredths());
    }
    ASSERT_EQ(amounts.size(), 24u) << limit;
    EXPECT_TRUE(std::is_sorted(amounts.begin(), amounts.end() - 1, std::greater<>())) << limit;
  }
  EXPECT_TRUE(service_.transactions({}, {}, 10, 24).transactions.empty());
  EXPECT_TRUE(service_.transactions({}, {}, 10, 1'000'000'000'000).transactions.empty());
}

// The totals are kept by triggers: with a filter that only the rows can answer they must be the same.
TEST_F(ServiceTest, totals_are_those_of_the_rows) {
  const User ada = add("ada@example.com");
  const InferenceId confirmed = reserve(ada, Credits{10'00});
  const InferenceId cancelled = reserve(ada, Credits{3'00});
  reserve(ada, Credits{1'00});
  database_->transaction([&](Session& sql) {
    sql << "UPDATE inferences SET status = 'COMPLETED', tokens_refunded = tokens_of(400) WHERE id = '" +
               confirmed.to_string() + "'";
    credits::confirm(sql, confirmed, Credits{4'00}, "part");
    sql << "UPDATE inferences SET status = 'FAILED', tokens_refunded = tokens_of(300) WHERE id = '" +
               cancelled.to_string() + "'";
    credits::cancel(sql, cancelled, "all");
  });
  const auto text = [](const Service::Statement& statement) {
    std::string lines;
    for (const repository::Total& total : statement.totals) {
      if (total.count == 0) continue;
      lines += total.type + " " + total.status + " " + std::to_string(total.count) + " " +
               total.amount.to_string() + "\n";
    }
    return lines;
  };
  const std::string kept = text(service_.transactions({}, {}, 10, 0));
  EXPECT_EQ(kept, text(service_.transactions(filter({}, {}, Timestamp{0}), {}, 10, 0)));
  EXPECT_EQ(kept,
            "inference completed 1 -10\ninference pending 1 -1\ninference refunded 1 -3\n"
            "refund completed 2 7\nregistration completed 2 200\n");
}

TEST_F(ServiceTest, trap_F9_the_ledger_of_a_deleted_account_still_says_whose_it_was) {
  const User ada = add("ada@example.com");
  accounts_.remove(ada, ada.id);
  const User again = add("ada@example.com");
  const Service::Statement statement = service_.transactions({}, "ada@example.com", 10, 0);
  EXPECT_EQ(statement.total, 2);
  std::set<std::string> users;
  for (const auto& transaction : statement.transactions) {
    EXPECT_EQ(transaction.email, "ada@example.com");
    users.insert(transaction.entry.user_id);
  }
  EXPECT_EQ(users, (std::set{ada.id.to_string(), again.id.to_string()}));
}

TEST_F(ServiceTest, datasets_of_all_users_are_seen) {
  const User ada = add("ada@example.com");
  const User bob = add("bob@example.com");
  datasets_.create(ada.id, "first", {});
  datasets_.create(bob.id, "second", {});
  datasets_.create(bob.id, "third", {});
  datasets_.remove(bob.id, "third");
  accounts_.remove(bob, bob.id);
  const auto names = [&](bool deleted, bool orphaned) {
    std::string text;
    const Service::Overview overview = service_.all_datasets({deleted, orphaned}, 100, 0);
    for (const auto& owned : overview.rows) {
      text += owned.dataset.name + ":" + (owned.owner ? owned.owner->email : "-") + " ";
    }
    EXPECT_EQ(overview.total, static_cast<std::int64_t>(overview.rows.size()));
    return text;
  };
  EXPECT_EQ(names(false, false), "second:- first:ada@example.com ");
  EXPECT_EQ(names(true, false), "third:- second:- first:ada@example.com ");
  EXPECT_EQ(names(false, true), "second:- ");
  EXPECT_EQ(names(true, true), "third:- second:- ");
  EXPECT_EQ(service_.all_datasets({true, false}, 2, 2).rows.at(0).dataset.name, "first");
}

TEST_F(ServiceTest, what_administrators_do_is_in_the_audit) {
  const User ada = add("ada@example.com");
  accounts_.update(ada, ada.id, {{}, "Byron", {}, {}});  // oneself: nothing for an auditor
  service_.recharge(administrator_, ada.email, Credits{2'50});
  accounts_.update(administrator_, ada.id, {{}, {}, "countess@example.com", "a new secret"});
  accounts_.remove(administrator_, ada.id);
  const log::Level level = log::level();
  service_.set_log_level(administrator_, log::Level::kError);
  EXPECT_EQ(log::level(), log::Level::kError);
  log::set_level(level);

  const Service::AuditPage audit = service_.audit(10, 0);
  ASSERT_EQ(audit.total, 4);
  std::vector<std::string> rows;
  for (const auto& entry : audit.entries) {
    EXPECT_EQ(entry.actor.email, administrator_.email);
    EXPECT_EQ(entry.actor.id, administrator_.id.to_string());
    rows.push_back(entry.action + " " + (entry.subject ? entry.subject->email : "-") + " " +
                   entry.details.dump());
  }
  EXPECT_EQ(rows, (std::vector<std::string>{
                      R"(log.level - {"from":")" + std::string(log::to_string(level)) + R"(","to":"error"})",
                      R"(user.delete countess@example.com {})",
                      R"(user.update ada@example.com {"fields":["email","password"]})",
                      R"(tokens.recharge ada@example.com {"amount":2.5})"}));
  EXPECT_EQ(service_.audit(1, 3).entries.at(0).action, "tokens.recharge");
}

TEST_F(ServiceTest, what_is_refused_is_not_in_the_audit) {
  const User ada = add("ada@example.com");
  EXPECT_THROW(accounts_.update(administrator_, ada.id, {{}, {}, administrator_.email, {}}), Error);
  EXPECT_THROW(accounts_.remove(administrator_, UserId::make()), Error);
  EXPECT_THROW(service_.recharge(administrator_, "nobody@example.com", Credits{1}), Error);
  EXPECT_EQ(service_.audit(10, 0).total, 0);
}

}  // namespace
}  // namespace inpaint::admin
