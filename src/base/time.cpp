#include "base/time.h"

namespace inpaint {
namespace {

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

}  // namespace inpaint
