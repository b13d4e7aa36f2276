#include "accounts/password.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "accounts/rules.h"
#include "base/error.h"

namespace inpaint::accounts {
namespace {

using Text = std::unique_ptr<char, decltype(&std::free)>;

// Empty when crypt refuses the setting.
std::string crypt_with(const std::string& password, const std::string& setting) {
  void* work = nullptr;
  int size = 0;
  const char* result = crypt_ra(password.c_str(), setting.c_str(), &work, &size);
  const std::unique_ptr<void, decltype(&std::free)> owner(work, &std::free);
  if (result == nullptr || result[0] == '*') return {};
  return result;
}

}  // namespace

std::string hash_password(const std::string& password, int cost) {
  const Text setting(crypt_gensalt_ra("$2b$", static_cast<unsigned long>(cost), nullptr, 0), &std::free);
  if (!setting) throw internal("no salt could be made");
  std::string hash = crypt_with(password, setting.get());
  if (hash.empty()) throw internal("a password could not be hashed");
  return hash;
}

bool matches(const std::string& password, const std::string& hash) {
  // bcrypt ends at a NUL and looks at no more than so many bytes; crypt() refuses much longer ones untried.
  const bool is_whole = password.size() <= kMaximumPasswordBytes && password.find('\0') == std::string::npos;
  const std::string again = crypt_with(password.substr(0, kMaximumPasswordBytes), hash);
  return is_whole && !again.empty() && again.size() == hash.size() &&
         CRYPTO_memcmp(again.data(), hash.data(), hash.size()) == 0;
}

std::string unmatchable_hash(int cost) {
  // A digest of zero bits only, which no password is known to have. It has to be in bcrypt's alphabet:
  // crypt() refuses others before it works, and an unknown e-mail would be told by the time.
  return std::string("$2b$") + (cost < 10 ? "0" : "") + std::to_string(cost) + "$" + std::string(22, '.') +
         std::string(31, '.');
}

int cost_of(std::string_view hash) {
  int cost = 0;
  if (hash.starts_with("$2b$") && hash.size() > 6) std::from_chars(&hash[4], &hash[6], cost);
  return cost;
}

void spend_difference(const std::string& password, int from, int to) {
  constexpr int kLeast = 4;
  // Each cost takes twice the time of the one before: 2^to - 2^from is the sum of the powers in between.
  for (int cost = std::max(from, kLeast); cost < to; ++cost) matches(password, unmatchable_hash(cost));
}

std::string make_password(std::size_t length) {
  constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRSTUVWXYZ2345679";
  std::string password;
  while (password.size() < length) {
    unsigned char byte = 0;
    if (RAND_bytes(&byte, 1) != 1) throw internal("no random bytes");
    // Bytes beyond a multiple of the alphabet would make its first letters more likely.
    if (byte < 256 / kAlphabet.size() * kAlphabet.size()) password += kAlphabet[byte % kAlphabet.size()];
  }
  return password;
}

}  // namespace inpaint::accounts
