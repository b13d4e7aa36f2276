#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "accounts/password.h"
#include "accounts/service.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/platform.h"
#include "cli/secret.h"
#include "datasets/ingest.h"
#include "datasets/service.h"
#include "inferences/settlement.h"

namespace inpaint::cli {
namespace {

constexpr std::size_t kPasswordLength = 16;
constexpr auto kDatasetName = "samples";

struct SamplePair {
  std::filesystem::path image;
  std::filesystem::path mask;
};

// Pairs <name>.<png or jpg> + <name>_mask.png, by name.
std::vector<SamplePair> find_samples(const std::filesystem::path& directory) {
  std::vector<SamplePair> pairs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::filesystem::path& image = entry.path();
    const std::filesystem::path mask = directory / (image.stem().string() + "_mask.png");
    const bool is_picture = image.extension() == ".png" || image.extension() == ".jpg";
    if (is_picture && std::filesystem::exists(mask)) pairs.push_back({image, mask});
  }
  if (pairs.empty()) {
    throw not_found("There are no sample pictures in " + directory.string() +
                    ". Name their directory with --samples.");
  }
  std::ranges::sort(pairs, {}, &SamplePair::image);
  return pairs;
}

accounts::User find_or_register(accounts::Service& accounts, const std::string& name,
                                const std::string& email) {
  try {
    accounts::User user = accounts.find_by_email(email);
    std::printf("User %s is there.\n", email.c_str());
    return user;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
  }
  const std::string password = accounts::make_password(kPasswordLength);
  accounts::User user = accounts.register_user({name, "Demo", email, password});
  std::printf("User %s, password: %s (shown only now)\n", email.c_str(), password.c_str());
  return user;
}

// Ingest uses its files up, so it gets copies.
http::UploadedFile copy_of(const std::filesystem::path& file, const storage::TemporaryFile& copy) {
  std::filesystem::copy_file(file, copy.path());
  return {"", file.filename().string(), copy.path(),
          static_cast<std::int64_t>(std::filesystem::file_size(file))};
}

// Goes on where an earlier, interrupted seeding stopped.
void add_samples(Platform& platform, const UserId& owner, const std::vector<SamplePair>& samples) {
  datasets::Service service(*platform.database);
  datasets::Ingest ingest(*platform.database, *platform.storage, platform.temporary, platform.limits);
  const auto find = [&]() -> datasets::Dataset {
    try {
      return service.find(owner, kDatasetName);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNotFound) throw;
      return service.create(owner, kDatasetName, {"demo"});
    }
  };
  const auto present = static_cast<std::size_t>(find().item_count);
  for (std::size_t i = present; i < samples.size(); ++i) {
    const storage::TemporaryFile image(platform.temporary.new_path());
    const storage::TemporaryFile mask(platform.temporary.new_path());
    ingest.add_pair(owner, kDatasetName, copy_of(samples[i].image, image), copy_of(samples[i].mask, mask));
  }
  std::printf("Dataset %s: %zu pictures.\n", kDatasetName, std::max(present, samples.size()));
}

}  // namespace

int seed(const Config& config, const std::filesystem::path& samples) {
  const std::vector<SamplePair> pairs = find_samples(samples);
  Platform platform(config);
  const std::string secret = config.jwt_secret.empty()
                                 ? load_or_make_secret(config.data_directory / "jwt_secret")
                                 : config.jwt_secret;
  accounts::Service accounts(*platform.database, accounts::Sessions(secret, config.session_lifetime),
                             config.bcrypt_cost, inferences::settlement::abort_inferences_of);
  const std::string password = config.administrator_password.empty()
                                   ? accounts::make_password(kPasswordLength)
                                   : config.administrator_password;
  if (accounts.ensure_administrator({config.administrator_name, config.administrator_surname,
                                     config.administrator_email, password, accounts::Role::kAdministrator})) {
    std::printf("Administrator: %s, password: %s (shown only now)\n", config.administrator_email.c_str(),
                config.administrator_password.empty() ? password.c_str() : "as configured");
  } else {
    std::printf("An administrator is there.\n");
  }
  const accounts::User alice = find_or_register(accounts, "Alice", "alice@demo.localhost");
  find_or_register(accounts, "Bob", "bob@demo.localhost");
  add_samples(platform, alice.id, pairs);
  return 0;
}

}  // namespace inpaint::cli
