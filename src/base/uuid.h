#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace inpaint {

// A UUID (RFC 9562), kept as its 36 lower-case characters because that is how both databases and every
// JSON answer hold it.
class Uuid {
 public:
  // Nothing unless the text is exactly 8-4-4-4-12 hexadecimal digits. Upper case is accepted.
  static std::optional<Uuid> parse(std::string_view text);

  // A new version 7 UUID: Unix time to a quarter of a microsecond, then random bits; ids made later sort
  // later.
  static Uuid make();

  const std::string& to_string() const { return text_; }
  friend auto operator<=>(const Uuid&, const Uuid&) = default;

 private:
  explicit Uuid(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Ids of different things do not mix.
template <typename Tag>
struct Id {
  Uuid value;
  static std::optional<Id> parse(std::string_view text) {
    const std::optional<Uuid> uuid = Uuid::parse(text);
    if (!uuid) return std::nullopt;
    return Id{*uuid};
  }
  static Id make() { return Id{Uuid::make()}; }
  const std::string& to_string() const { return value.to_string(); }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using UserId = Id<struct UserTag>;
using DatasetId = Id<struct DatasetTag>;
using InferenceId = Id<struct InferenceTag>;

}  // namespace inpaint
