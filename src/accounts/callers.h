#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "accounts/service.h"
#include "database/database.h"
#include "http/authentication.h"

// What accounts/ answers to the server's question who is calling.
namespace inpaint::accounts {

// The Authorization header; "" without one.
std::string_view authorization_of(const http::Request& request);

// For http::Authenticate. Throws what Database::read does.
void authenticate(Service& service, std::span<http::Caller> callers);

// For http::OpenCallerInquiry: null where the database can only be asked by blocking. Both must outlive it.
// Throws as Database::open_inquiry.
std::unique_ptr<http::CallerInquiry> open_caller_inquiry(const Service& service,
                                                         database::Database& database);

}  // namespace inpaint::accounts
