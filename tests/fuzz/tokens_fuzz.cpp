// Three ways of attacking a token, chosen by the first byte: any text at all; claims of any kind under a
// genuine signature; a genuine token with some of its bytes changed.
#include <string>

#include "accounts/sessions.h"
#include "accounts/signed_links.h"
#include "base/error.h"
#include "input.h"

namespace inpaint::accounts {
namespace {

using fuzz::require;
using Purpose = SignedLinks::Purpose;

constexpr auto kSecret = "a secret of the fuzz target, long enough to be a key";
constexpr std::chrono::hours kDay(24);

User make_user() {
  const UserId id = *UserId::parse("6d1f3c9e-2f6f-4a4e-9c39-0d9a4b1d7a55");
  return {id, "Ada", "Lovelace", "ada@example.com", Credits(), Role::kUser, Timestamp(), Timestamp()};
}

bool is_session(const std::string& authorization) {
  static const Sessions sessions(kSecret, kDay);
  try {
    sessions.verify(authorization);
    return true;
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::kUnauthenticated, "a bad session is answered 401");
    return false;
  }
}

bool is_link(std::string_view token, Purpose purpose) {
  static const SignedLinks links(kSecret);
  try {
    links.verify(token, purpose);
    return true;
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::kNotFound, "a bad link is answered 404");
    return false;
  }
}

// How many consumers take the token.
int accepted(const std::string& token) {
  return static_cast<int>(is_session("Bearer " + token)) + static_cast<int>(is_link(token, Purpose::kImage)) +
         static_cast<int>(is_link(token, Purpose::kResult));
}

void try_any_text(std::string_view text) {
  const std::string token(text);
  require(accepted(token) == 0, "nobody can make up a token");
  require(!is_session(token), "nobody can make up an Authorization header");
}

void try_any_claims(std::string_view text) {
  static const Jwt for_sessions(kSecret);
  static const Jwt for_links(derive_key(kSecret, "link"));
  const http::Json claims = http::Json::parse(text, nullptr, false);
  if (!claims.is_object()) return;
  for (const Jwt* jwt : {&for_sessions, &for_links}) {
    try {
      const std::string token = jwt->sign(claims);
      require(accepted(token) <= 1, "a token serves one purpose");
    } catch (const Error&) {
      // claims that libjwt does not sign
    }
  }
}

void try_changed_token(fuzz::Input input) {
  static const std::string session = Sessions(kSecret, kDay).issue(make_user());
  static const std::string link = SignedLinks(kSecret).make(make_user().id, Purpose::kImage, "datasets/a/b");
  const std::string& genuine = input.byte() % 2 == 0 ? session : link;
  require(accepted(genuine) == 1, "a genuine token is accepted");
  std::string token = genuine;
  while (!input.rest().empty()) {
    const std::size_t position = (input.byte() * 256U + input.byte()) % token.size();
    token[position] = static_cast<char>(input.byte());
  }
  require(accepted(token) == (token == genuine ? 1 : 0), "a changed token is refused");
}

}  // namespace
}  // namespace inpaint::accounts

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  inpaint::fuzz::Input input(bytes, size);
  switch (input.byte() % 3) {
    case 0:
      inpaint::accounts::try_any_text(input.rest());
      break;
    case 1:
      inpaint::accounts::try_any_claims(input.rest());
      break;
    default:
      inpaint::accounts::try_changed_token(input);
  }
  return 0;
}
