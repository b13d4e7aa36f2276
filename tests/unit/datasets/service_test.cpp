#include "datasets/service.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "database/session.h"
#include "unit/temporary_directory.h"
#include "unit/test_database.h"

namespace inpaint::datasets {
namespace {

using database::Session;

class ServiceTest : public testing::Test {
 protected:
  static std::unique_ptr<database::Database> migrated(std::unique_ptr<database::Database> database) {
    database->migrate();
    return database;
  }

  UserId add_user() {
    const UserId user = UserId::make();
    const std::string id = user.to_string();
    database_->transaction([&](Session& sql) {
      sql << "INSERT INTO users(id, name, surname, email, password, password_changed_at, created_at, "
             "updated_at) VALUES (:id, 'A', 'B', :email, 'x', time_of(0), time_of(0), time_of(0))",
          soci::use(id), soci::use(id);
    });
    return user;
  }

  std::string names(bool include_deleted, std::int64_t limit = 100, std::int64_t offset = 0) {
    std::string text;
    for (const Dataset& dataset : service_.list(owner_, {include_deleted, {}}, limit, offset).datasets) {
      text += dataset.name + (dataset.is_deleted ? "! " : " ");
    }
    return text;
  }

  template <typename Work>
  static std::string code_of(Work work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return "";
  }

  const test::TemporaryDirectory directory_;
  std::unique_ptr<database::Database> database_ = migrated(test::open_database(directory_.path(), 8));
  Service service_{*database_};
  const UserId owner_ = add_user();
  const UserId other_ = add_user();
};

TEST_F(ServiceTest, an_update_changes_what_it_names) {
  const Dataset made = service_.create(owner_, "photos", {"a"});
  const Dataset renamed = service_.update(owner_, "photos", {"pictures", {}});
  EXPECT_EQ(renamed.id, made.id);
  EXPECT_EQ(renamed.name, "pictures");
  EXPECT_EQ(renamed.tags, std::vector<std::string>{"a"});
  EXPECT_EQ(service_.update(owner_, made.id.to_string(), {{}, std::vector<std::string>{"b", "c"}}).name,
            "pictures");
  const Dataset found = service_.find(owner_, "pictures");
  EXPECT_EQ(found.tags, (std::vector<std::string>{"b", "c"}));
  EXPECT_GE(found.updated_at, made.updated_at);
  EXPECT_EQ(code_of([&] { service_.find(owner_, "photos"); }), "NOT_FOUND");
}

TEST_F(ServiceTest, an_update_keeps_names_apart) {
  service_.create(owner_, "photos", {});
  service_.create(owner_, "pictures", {});
  EXPECT_EQ(code_of([&] { service_.update(owner_, "photos", {"pictures", {}}); }), "DUPLICATE_NAME");
  EXPECT_EQ(service_.update(owner_, "photos", {"photos", {}}).name, "photos");
  EXPECT_EQ(code_of([&] { service_.update(other_, "photos", {"mine", {}}); }), "NOT_FOUND");
}

TEST_F(ServiceTest, a_deleted_dataset_is_gone_and_its_name_free) {
  const Dataset first = service_.create(owner_, "photos", {});
  service_.remove(owner_, "photos");
  EXPECT_EQ(code_of([&] { service_.find(owner_, "photos"); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { service_.find(owner_, first.id.to_string()); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { service_.remove(owner_, first.id.to_string()); }), "NOT_FOUND");
  EXPECT_EQ(code_of([&] { service_.update(owner_, first.id.to_string(), {}); }), "NOT_FOUND");
  EXPECT_NE(service_.create(owner_, "photos", {}).id, first.id);
  service_.remove(owner_, "photos");  // two deleted ones of one name
  EXPECT_EQ(names(false), "");
  EXPECT_EQ(names(true), "photos! photos! ");
}

TEST_F(ServiceTest, others_datasets_are_not_deleted) {
  service_.create(owner_, "photos", {});
  EXPECT_EQ(code_of([&] { service_.remove(other_, "photos"); }), "NOT_FOUND");
  EXPECT_EQ(names(false), "photos ");
}

TEST_F(ServiceTest, every_dataset_is_on_exactly_one_page) {
  for (const char* name : {"a", "b", "c", "d", "e"}) service_.create(owner_, name, {});
  service_.create(other_, "x", {});
  service_.remove(owner_, "c");
  EXPECT_EQ(names(false, 2, 0) + "| " + names(false, 2, 2), "e d | b a ");
  EXPECT_EQ(names(true, 2, 0) + "| " + names(true, 2, 2) + "| " + names(true, 2, 4), "e d | c! b | a ");
  EXPECT_EQ(names(true, 2, 6), "");
}

}  // namespace
}  // namespace inpaint::datasets
