#include <cstdio>

#include "cli/commands.h"
#include "cli/platform.h"
#include "credits/ledger.h"

namespace inpaint::cli {

int verify_ledger(const Config& config) {
  const auto database = open_present_database(config);
  const credits::Verification found =
      database->read([](database::Session& sql) { return credits::verify(sql); });
  for (const std::string& difference : found.differences) std::printf("%s\n", difference.c_str());
  std::printf("%lld users, %lld entries: %s\n", static_cast<long long>(found.users),
              static_cast<long long>(found.entries),
              found.differences.empty()
                  ? "every balance is the sum of its entries."
                  : (std::to_string(found.differences.size()) + " differences.").c_str());
  return found.differences.empty() ? 0 : 1;
}

}  // namespace inpaint::cli
