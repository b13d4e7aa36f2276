#include "http/address_limit.h"

#include "http/client_address.h"

namespace inpaint::http {

std::optional<AddressLimit::Place> AddressLimit::enter(const std::string& address) {
  std::string name = counted_name(address);
  if (limit_ > 0) {
    const std::scoped_lock lock(mutex_);
    std::size_t& count = counts_[name];
    if (count >= limit_) return std::nullopt;
    ++count;
  }
  return std::optional<Place>(std::in_place, *this, std::move(name));
}

void AddressLimit::leave(const std::string& name) noexcept {
  if (limit_ == 0) return;
  const std::scoped_lock lock(mutex_);
  const auto found = counts_.find(name);
  if (--found->second == 0) counts_.erase(found);
}

}  // namespace inpaint::http
