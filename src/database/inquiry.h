#pragma once

#include <optional>
#include <string>
#include <vector>

namespace inpaint::database {

// One SELECT that is asked again and again by a thread which must not block, over a connection of its own:
// one question at a time. What it throws (kInternal, for the log) is the end of it: who still wants to know
// asks through Database::read(), which knows what to make of a database that fails, and opens another.
class Inquiry {
 public:
  virtual ~Inquiry() = default;

  // Readable when a part of the answer has come, or the server is gone. Stays the inquiry's.
  virtual int socket() const = 0;
  virtual void ask(const std::string& value) = 0;
  using Row = std::vector<std::string>;  // each column as the database writes it; empty for NULL
  // Nothing while there is more to come.
  virtual std::optional<std::vector<Row>> answer() = 0;
};

}  // namespace inpaint::database
