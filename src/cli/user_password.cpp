#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "accounts/password.h"
#include "accounts/rules.h"
#include "accounts/service.h"
#include "base/error.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/platform.h"
#include "http/text.h"

namespace inpaint::cli {
namespace {

constexpr std::size_t kNewPasswordLength = 16;

// Not an argument: those are in the shell's history, and every user of the machine may read them. Without
// blanks at both ends, as logins have it. Empty when there is none.
std::string read_password() {
  std::string line;
  if (::isatty(STDIN_FILENO) == 0) std::getline(std::cin, line);
  std::string password(http::trim(line));
  if (password.empty()) return password;
  const bool is_text = is_utf8(password) && password.find('\0') == std::string::npos;
  const auto problem = is_text ? accounts::password_problem(password) : "must be text in UTF-8";
  if (problem) throw invalid("BAD_PASSWORD", "The password " + *problem + ".");
  return password;
}

}  // namespace

int reset_password(const Config& config, const std::string& email) {
  const auto database = open_present_database(config);
  database->migrate();
  const std::string given = read_password();
  const std::string password = given.empty() ? accounts::make_password(kNewPasswordLength) : given;
  accounts::reset_password(*database, email, password, config.bcrypt_cost);
  std::printf("User %s, password: %s\n", email.c_str(),
              given.empty() ? (password + " (shown only now)").c_str() : "as given");
  return 0;
}

}  // namespace inpaint::cli
