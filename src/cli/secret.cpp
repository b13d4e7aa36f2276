#include "cli/secret.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "base/uuid.h"
#include "storage/durable_files.h"

namespace inpaint::cli {
namespace {

constexpr std::size_t kSecretBytes = 32;

Error failure(const std::filesystem::path& file, const std::string& what) {
  return {ErrorKind::kUnavailable, "SECRET_UNAVAILABLE", file.string() + ": " + what};
}

std::string random_hexadecimal() {
  std::array<unsigned char, kSecretBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw internal("no random bytes");
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 15U]);
  }
  return text;
}

// Written beside its place and linked into it: whoever is first wins, and nobody sees half of it.
void make_secret(const std::filesystem::path& file) {
  const std::filesystem::path draft = file.string() + "." + Uuid::make().to_string();
  const std::string secret = random_hexadecimal();
  {
    const storage::FileDescriptor descriptor(draft, O_WRONLY | O_CREAT | O_EXCL, 0600);
    const auto size = static_cast<ssize_t>(secret.size());
    if (!descriptor.is_open() || ::write(descriptor.get(), secret.data(), secret.size()) != size ||
        ::fsync(descriptor.get()) != 0) {
      throw failure(file, std::strerror(errno));
    }
  }
  const int linked = ::link(draft.c_str(), file.c_str());
  const int error = errno;
  ::unlink(draft.c_str());
  if (linked != 0 && error != EEXIST) throw failure(file, std::strerror(error));
  storage::sync_directory(file.parent_path());
}

}  // namespace

std::string load_or_make_secret(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) make_secret(file);
  std::ifstream stream(file);
  std::string secret;
  stream >> secret;
  if (secret.size() < kSecretBytes) throw failure(file, "this is not a secret of at least 32 characters");
  return secret;
}

}  // namespace inpaint::cli
