#pragma once

#include "accounts/service.h"
#include "http/json.h"
#include "http/router.h"

namespace inpaint::accounts {

// /api/users
void add_routes(http::Router& router, Service& service, database::Database& database);

// {id, name, surname, email, tokens, role, createdAt}
http::Json to_json(const User& user);

}  // namespace inpaint::accounts
