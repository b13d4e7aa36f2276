#include "base/time.h"

namespace inpaint {
namespace {

// Takes text apart from left to right; after the first thing that is not as expected, is_good is false.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // A number of so many digits, within the range.
  int number(std::size_t digits, int minimum, int maximum) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (at_end() || text_.front() < '0' || text_.front() > '9') return fail();
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    return value < minimum || value > maximum ? fail() : value;
  }
  bool skip(char c) {
    if (at_end() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!skip(c)) fail();
  }
  bool at_end() const { return text_.empty(); }
  bool is_good() const { return good_; }

 private:
  int fail() {
    good_ = false;
    return 0;
  }

  std::string_view text_;
  bool good_ = true;
};

std::int64_t clock_ms(Scanner& scanner) {
  std::int64_t minutes = 60 * scanner.number(2, 0, 23);
  scanner.expect(':');
  minutes += scanner.number(2, 0, 59);
  std::int64_t milliseconds = minutes * 60'000;
  if (scanner.skip(':')) milliseconds += 1000 * scanner.number(2, 0, 59);
  if (scanner.skip('.')) milliseconds += scanner.number(3, 0, 999);
  return milliseconds;
}

std::int64_t zone_ms(Scanner& scanner) {
  if (scanner.at_end() || scanner.skip('Z')) return 0;
  const int sign = scanner.skip('-') ? -1 : 1;
  if (sign > 0) scanner.expect('+');
  const int hours = scanner.number(2, 0, 23);
  scanner.expect(':');
  return sign * (hours * 60 + scanner.number(2, 0, 59)) * 60'000LL;
}

void append_digits(std::string& text, std::int64_t number, std::size_t width) {
  std::size_t place = text.size() + width;
  text.append(width, '0');
  for (; number > 0 && place > 0; number /= 10) text[--place] = static_cast<char>('0' + number % 10);
}

}  // namespace

// By hand, because it is part of most answers and strftime and snprintf cost as much as the rest of them.
std::string Timestamp::to_iso() const {
  using namespace std::chrono;
  const sys_time<milliseconds> moment{milliseconds(unix_ms)};
  const sys_days day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss<milliseconds> time{moment - day};
  std::string text;
  text.reserve(sizeof("2026-01-31T12:00:00.000Z"));
  append_digits(text, int{date.year()}, 4);
  append_digits(text += '-', unsigned{date.month()}, 2);
  append_digits(text += '-', unsigned{date.day()}, 2);
  append_digits(text += 'T', time.hours().count(), 2);
  append_digits(text += ':', time.minutes().count(), 2);
  append_digits(text += ':', time.seconds().count(), 2);
  append_digits(text += '.', time.subseconds().count(), 3);
  return text += 'Z';
}

std::optional<Timestamp> Timestamp::parse_iso(std::string_view text) {
  namespace chrono = std::chrono;
  Scanner scanner(text);
  const int year = scanner.number(4, 1, 9999);
  scanner.expect('-');
  const int month = scanner.number(2, 1, 12);
  scanner.expect('-');
  const int day = scanner.number(2, 1, 31);
  const chrono::year_month_day date{chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day))};
  std::int64_t milliseconds = 0;
  if (scanner.skip('T')) {
    milliseconds = clock_ms(scanner);
    milliseconds -= zone_ms(scanner);
  }
  if (!scanner.is_good() || !scanner.at_end() || !date.ok()) return std::nullopt;
  const chrono::milliseconds days = chrono::sys_days(date).time_since_epoch();
  return Timestamp{days.count() + milliseconds};
}

}  // namespace inpaint
