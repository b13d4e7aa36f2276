#include "accounts/audit.h"

#include "database/query.h"

namespace inpaint::accounts::audit {
namespace {

using database::Nullable;
using database::NumberRow;
using database::select;

struct EntryRow {
  long long sequence = 0, created_at = 0;
  std::string actor_id, actor_email, action, details;
  Nullable<std::string> subject_id, subject_email;

  void bind(soci::statement& statement) {
    statement.exchange(soci::into(sequence));
    for (std::string* text : {&actor_id, &actor_email, &action}) statement.exchange(soci::into(*text));
    statement.exchange(subject_id.into());
    statement.exchange(subject_email.into());
    statement.exchange(soci::into(details));
    statement.exchange(soci::into(created_at));
  }
  Entry value() const {
    std::optional<Person> subject;
    if (const auto id = subject_id.value()) subject = Person{*id, subject_email.value().value_or("")};
    return {sequence, {actor_id, actor_email},    action,
            subject,  http::Json::parse(details), Timestamp{created_at}};
  }
};

}  // namespace

void record(Session& sql, const User& actor, std::string_view action, const User* subject,
            const http::Json& details) {
  using Text = std::optional<std::string>;
  Nullable<std::string> subject_id(subject == nullptr ? Text() : Text(subject->id.to_string()));
  Nullable<std::string> subject_email(subject == nullptr ? Text() : Text(subject->email));
  const std::string action_name(action);
  const std::string details_text = details.is_null() ? "{}" : details.dump();
  const long long now = Timestamp::now().unix_ms;
  sql << "INSERT INTO audit(actor_id, actor_email, action, subject_id, subject_email, details, created_at) "
         "VALUES (:actor, :actor_email, :action, :subject, :subject_email, :details, time_of(:now))",
      soci::use(actor.id.to_string()), soci::use(actor.email), soci::use(action_name), subject_id.use(),
      subject_email.use(), soci::use(details_text), soci::use(now);
}

std::int64_t count(Session& sql) {
  return select<NumberRow>(sql, "SELECT COUNT(*) FROM audit").front();
}

std::vector<Entry> list(Session& sql, const database::Window& window) {
  return select<EntryRow>(
      sql,
      std::string("SELECT sequence, actor_id, actor_email, action, subject_id, subject_email, details, "
                  "epoch_ms(created_at) FROM (SELECT * FROM audit ORDER BY sequence ") +
          window.direction() + " LIMIT :limit OFFSET :offset) AS page ORDER BY sequence DESC",
      window.limit, window.offset);
}

}  // namespace inpaint::accounts::audit
