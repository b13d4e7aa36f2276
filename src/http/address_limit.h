#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace inpaint::http {

// So many of something at a time from one address (see counted_name). Thread-safe.
class AddressLimit {
 public:
  // 0: no limit.
  explicit AddressLimit(std::size_t limit) : limit_(limit) {}

  // Counts for as long as it lives. The limit must outlive it.
  class Place {
   public:
    Place(AddressLimit& limit, std::string name) : limit_(&limit), name_(std::move(name)) {}
    Place(Place&& other) noexcept
        : limit_(std::exchange(other.limit_, nullptr)), name_(std::move(other.name_)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(limit_, other.limit_);
      std::swap(name_, other.name_);
      return *this;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (limit_ != nullptr) limit_->leave(name_);
    }

   private:
    AddressLimit* limit_;
    std::string name_;
  };

  // Nothing when the address has as many as it may.
  std::optional<Place> enter(const std::string& address);

 private:
  void leave(const std::string& name) noexcept;

  const std::size_t limit_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace inpaint::http
