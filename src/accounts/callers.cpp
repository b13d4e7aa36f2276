#include "accounts/callers.h"

#include <optional>
#include <variant>
#include <vector>

#include "accounts/repository.h"
#include "database/inquiry.h"

namespace inpaint::accounts {
namespace {

std::vector<std::string_view> authorizations_of(std::span<const http::Caller> callers) {
  std::vector<std::string_view> authorizations;
  authorizations.reserve(callers.size());
  for (const http::Caller& caller : callers) authorizations.push_back(authorization_of(caller.request));
  return authorizations;
}

void tell(std::span<http::Caller> callers, const std::vector<Identity>& found) {
  for (std::size_t i = 0; i < callers.size(); ++i) {
    if (const auto* user = std::get_if<std::shared_ptr<const User>>(&found[i])) {
      callers[i].log_context.set("user", (*user)->id.to_string());
      callers[i].user = *user;
    } else {
      callers[i].refusal = std::get<Error>(found[i]);
    }
  }
}

class UserInquiry final : public http::CallerInquiry {
 public:
  UserInquiry(const Service& service, std::unique_ptr<database::Inquiry> inquiry)
      : service_(service), inquiry_(std::move(inquiry)) {}

  bool ask(std::span<http::Caller> callers) override {
    identification_.emplace(service_.identify(authorizations_of(callers)));
    if (identification_->users().empty()) {
      tell(callers, identification_->identities({}));
      return false;
    }
    inquiry_->ask(repository::inquiry_value(identification_->users()));
    return true;
  }

  int socket() const override { return inquiry_->socket(); }

  bool answer(std::span<http::Caller> callers) override {
    const auto rows = inquiry_->answer();
    if (!rows) return false;
    tell(callers, identification_->identities(repository::users_of(*rows)));
    return true;
  }

 private:
  const Service& service_;
  const std::unique_ptr<database::Inquiry> inquiry_;
  std::optional<Identification> identification_;  // of the callers of the question
};

}  // namespace

std::string_view authorization_of(const http::Request& request) {
  return request.headers.find("Authorization").value_or("");
}

void authenticate(Service& service, std::span<http::Caller> callers) {
  tell(callers, service.authenticate(authorizations_of(callers)));
}

std::unique_ptr<http::CallerInquiry> open_caller_inquiry(const Service& service,
                                                         database::Database& database) {
  auto inquiry = database.open_inquiry(repository::inquiry_query());
  if (!inquiry) return nullptr;
  return std::make_unique<UserInquiry>(service, std::move(inquiry));
}

}  // namespace inpaint::accounts
