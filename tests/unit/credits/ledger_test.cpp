#include "credits/ledger.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/error.h"
#include "credits/prices.h"
#include "database/session.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::credits {
namespace {

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() : database_(test::open_database(directory_.path(), 8)) { database_->migrate(); }

  UserId add_user(Credits tokens = kRegistrationGift) {
    const UserId user = UserId::make();
    database_->transaction([&](Session& sql) {
      const std::string id = user.to_string();
      const std::string email = id + "@example.org";
      sql << "INSERT INTO users(id, name, surname, email, password, password_changed_at, created_at, "
             "updated_at) VALUES (:id, 'A', 'B', :email, 'x', time_of(0), time_of(0), time_of(0))",
          soci::use(id), soci::use(email);
      open_account(sql, user);
      if (tokens > kRegistrationGift) recharge(sql, user, tokens - kRegistrationGift, "test");
    });
    return user;
  }

  // An inference row in the given status, so that verify() sees what the service would have.
  InferenceId add_inference(const UserId& user, Credits price) {
    const InferenceId inference = InferenceId::make();
    database_->transaction([&](Session& sql) {
      reserve(sql, user, price, inference, "test");
      const std::string id = inference.to_string();
      const std::string owner = user.to_string();
      const long long reserved = price.hundredths();
      sql << "INSERT INTO inferences(id, user_id, dataset_name, model_id, item_count, tokens_reserved, "
             "created_at, updated_at) VALUES (:id, :user, 'd', 'm', 1, tokens_of(:reserved), time_of(0), "
             "time_of(0))",
          soci::use(id), soci::use(owner), soci::use(reserved);
    });
    return inference;
  }

  void end_inference(const InferenceId& inference, const std::string& status, Credits refunded) {
    database_->transaction([&](Session& sql) {
      const std::string id = inference.to_string();
      const long long amount = refunded.hundredths();
      sql << "UPDATE inferences SET status = :status, tokens_refunded = tokens_of(:refunded) WHERE id = :id",
          soci::use(status), soci::use(amount), soci::use(id);
    });
  }

  Credits balance_of(const UserId& user) {
    return database_->read([&](Session& sql) { return balance(sql, user); });
  }

  std::vector<std::string> differences() {
    return database_->read([](Session& sql) { return verify(sql).differences; });
  }

  void execute(const std::string& statement) {
    database_->transaction([&](Session& sql) { sql << statement; });
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<database::Database> database_;
};

std::string code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

TEST_F(LedgerTest, a_new_account_has_its_gift_as_a_row) {
  const UserId user = add_user();
  EXPECT_EQ(balance_of(user), Credits{100'00});
  const auto entries = database_->read([&](Session& sql) { return recent_entries(sql, user, 10); });
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].type, "registration");
  EXPECT_EQ(entries[0].balance_before, Credits{});
  EXPECT_EQ(entries[0].balance_after, Credits{100'00});
  EXPECT_TRUE(differences().empty());
}

TEST_F(LedgerTest, refuses_what_the_balance_does_not_cover_and_says_both_amounts) {
  const UserId user = add_user();
  try {
    database_->transaction(
        [&](Session& sql) { charge_upload(sql, user, Credits{100'01}, Uuid::make(), "x"); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPaymentRequired);
    EXPECT_EQ(error.code(), "INSUFFICIENT_TOKENS");
    ASSERT_EQ(error.details().size(), 2u);
    EXPECT_EQ(error.details()[0].message, "100.01");
    EXPECT_EQ(error.details()[1].message, "100");
  }
  EXPECT_EQ(balance_of(user), Credits{100'00});
}

TEST_F(LedgerTest, trap_M1_a_thousand_concurrent_spends_never_overdraw) {
  const UserId user = add_user();  // 100 tokens pay for 153 uploads of 0.65
  std::atomic<int> accepted = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 125; ++i) {
        const std::string code = code_of([&] {
          database_->transaction(
              [&](Session& sql) { charge_upload(sql, user, kImageUpload, Uuid::make(), "upload"); });
        });
        if (code.empty()) ++accepted;
        if (code == "INSUFFICIENT_TOKENS") ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, 153);
  EXPECT_EQ(refused, 847);
  EXPECT_EQ(balance_of(user), Credits{100'00} - kImageUpload * 153);
  EXPECT_TRUE(differences().empty());
}

TEST_F(LedgerTest, trap_M1_parallel_recharges_add_up) {
  const UserId user = add_user();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        database_->transaction([&](Session& sql) { recharge(sql, user, Credits{1'00}, "test"); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(balance_of(user), Credits{140'00});
  EXPECT_TRUE(differences().empty());
}

TEST_F(LedgerTest, trap_M4_a_refund_adds_and_does_not_restore) {
  const UserId user = add_user();
  const InferenceId inference = add_inference(user, kImageInference);
  database_->transaction([&](Session& sql) { recharge(sql, user, Credits{50'00}, "meanwhile"); });
  database_->transaction([&](Session& sql) { cancel(sql, inference, "failed"); });
  end_inference(inference, "FAILED", kImageInference);
  EXPECT_EQ(balance_of(user), Credits{150'00});
  EXPECT_TRUE(differences().empty());
}

TEST_F(LedgerTest, confirms_in_part_and_refunds_the_rest) {
  const UserId user = add_user();
  const InferenceId inference = add_inference(user, kImageInference * 4);
  database_->transaction([&](Session& sql) { confirm(sql, inference, kImageInference, "one failed"); });
  end_inference(inference, "COMPLETED", kImageInference);
  EXPECT_EQ(balance_of(user), Credits{100'00} - kImageInference * 3);
  EXPECT_TRUE(differences().empty());
}

TEST_F(LedgerTest, trap_M7_a_reservation_is_settled_once) {
  const UserId user = add_user();
  const InferenceId inference = add_inference(user, kImageInference);
  database_->transaction([&](Session& sql) { cancel(sql, inference, "aborted"); });
  const auto confirm_again = [&] {
    database_->transaction([&](Session& sql) { confirm(sql, inference, Credits{}, "late"); });
  };
  const auto cancel_again = [&] {
    database_->transaction([&](Session& sql) { cancel(sql, inference, "late"); });
  };
  EXPECT_EQ(code_of(confirm_again), "RESERVATION_ENDED");
  EXPECT_EQ(code_of(cancel_again), "RESERVATION_ENDED");
  EXPECT_EQ(balance_of(user), Credits{100'00});
}

TEST_F(LedgerTest, trap_M6_nothing_of_a_rolled_back_operation_stays) {
  const UserId user = add_user();
  EXPECT_EQ(code_of([&] {
              database_->transaction([&](Session& sql) {
                reserve(sql, user, kImageInference, InferenceId::make(), "x");
                throw invalid("STOP", "stop");
              });
            }),
            "STOP");
  EXPECT_EQ(balance_of(user), Credits{100'00});
  EXPECT_EQ(database_->read([&](Session& sql) { return recent_entries(sql, user, 10); }).size(), 1u);
  EXPECT_TRUE(differences().empty());
}

TEST_F(LedgerTest, trap_M12_a_balance_over_the_limit_is_refused_with_a_sentence) {
  const UserId user = add_user();
  const auto recharge_largest = [&] {
    database_->transaction([&](Session& sql) { recharge(sql, user, kLargestRecharge, "x"); });
  };
  for (int i = 0; i < 99; ++i) recharge_largest();
  EXPECT_EQ(balance_of(user), Credits{99'000'100'00});
  const InferenceId inference = add_inference(user, Credits{101'00});
  EXPECT_EQ(code_of(recharge_largest), "BALANCE_LIMIT");
  database_->transaction(
      [&](Session& sql) { recharge(sql, user, kMaximumBalance - Credits{99'000'100'00}, "x"); });
  database_->transaction([&](Session& sql) { cancel(sql, inference, "the refund still fits"); });
  end_inference(inference, "ABORTED", Credits{101'00});
  EXPECT_EQ(balance_of(user), kMaximumBalance);
  EXPECT_TRUE(differences().empty());
}

TEST_F(LedgerTest, trap_F9_the_ledger_of_a_deleted_user_stays_and_takes_refunds) {
  const UserId user = add_user();
  const InferenceId inference = add_inference(user, kImageInference);
  execute("DELETE FROM users");
  database_->transaction([&](Session& sql) { cancel(sql, inference, "account deleted"); });
  end_inference(inference, "ABORTED", kImageInference);
  const auto entries = database_->read([&](Session& sql) { return recent_entries(sql, user, 10); });
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].balance_after, Credits{100'00});
  EXPECT_TRUE(differences().empty());
}

TEST_F(LedgerTest, verify_reports_a_changed_balance) {
  add_user();
  execute("UPDATE users SET tokens = tokens + tokens_of(1)");
  ASSERT_EQ(differences().size(), 1u);
  EXPECT_NE(differences()[0].find("has a balance of 100.01 but the sum of its rows is 100"),
            std::string::npos);
}

TEST_F(LedgerTest, verify_reports_a_broken_chain) {
  const UserId user = add_user(Credits{120'00});
  execute(
      "UPDATE token_transactions SET balance_before = balance_before + 1, balance_after = "
      "balance_after + 1 WHERE operation_type = 'recharge'");
  ASSERT_EQ(differences().size(), 1u);
}

TEST_F(LedgerTest, verify_reports_a_reservation_that_outlived_its_inference) {
  const InferenceId inference = add_inference(add_user(), kImageInference);
  EXPECT_TRUE(differences().empty());
  end_inference(inference, "COMPLETED", Credits{});
  ASSERT_EQ(differences().size(), 1u);
  EXPECT_NE(differences()[0].find("holds reserved tokens of 2.75 but by its status it should hold 0"),
            std::string::npos);
}

TEST_F(LedgerTest, verify_reports_a_refund_that_was_not_made) {
  const InferenceId inference = add_inference(add_user(), kImageInference);
  database_->transaction([&](Session& sql) { confirm(sql, inference, Credits{}, "x"); });
  end_inference(inference, "FAILED", kImageInference);
  ASSERT_EQ(differences().size(), 1u);
}

}  // namespace
}  // namespace inpaint::credits
