#include "media/entry_name.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace inpaint::media {
namespace {

// Bytes 0x80 to 0xFF of code page 437.
constexpr std::array<std::string_view, 128> kCodePage437 = {
    "Ç", "ü", "é", "â", "ä", "à", "å", "ç", "ê", "ë", "è", "ï", "î", "ì", "Ä", "Å",  //
    "É", "æ", "Æ", "ô", "ö", "ò", "û", "ù", "ÿ", "Ö", "Ü", "¢", "£", "¥", "₧", "ƒ",  //
    "á", "í", "ó", "ú", "ñ", "Ñ", "ª", "º", "¿", "⌐", "¬", "½", "¼", "¡", "«", "»",  //
    "░", "▒", "▓", "│", "┤", "╡", "╢", "╖", "╕", "╣", "║", "╗", "╝", "╜", "╛", "┐",  //
    "└", "┴", "┬", "├", "─", "┼", "╞", "╟", "╚", "╔", "╩", "╦", "╠", "═", "╬", "╧",  //
    "╨", "╤", "╥", "╙", "╘", "╒", "╓", "╫", "╪", "┘", "┌", "█", "▄", "▌", "▐", "▀",  //
    "α", "ß", "Γ", "π", "Σ", "σ", "µ", "τ", "Φ", "Θ", "Ω", "δ", "∞", "φ", "ε", "∩",  //
    "≡", "±", "≥", "≤", "⌠", "⌡", "÷", "≈", "°", "∙", "·", "√", "ⁿ", "²", "■", "\u00A0"};

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

bool has_drive(std::string_view name) {
  const char first = name.empty() ? '\0' : name.front();
  const bool letter = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
  return letter && name.size() > 1 && name[1] == ':';
}

// Calls visit(step) for what stands between the separators, until it answers false.
template <typename Visit>
void for_each_step(std::string_view name, const Visit& visit) {
  while (true) {
    const std::size_t separator = name.find_first_of("/\\");
    if (!visit(name.substr(0, separator)) || separator == std::string_view::npos) return;
    name.remove_prefix(separator + 1);
  }
}

}  // namespace

std::string entry_name(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string name;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      name.push_back(c);
    } else {
      name += kCodePage437[byte - 0x80U];
    }
  }
  return name;
}

std::string plain_path(std::string_view name) {
  std::string path;
  for_each_step(name, [&](std::string_view step) {
    if (step.empty() || step == ".") return true;
    if (!path.empty()) path.push_back('/');
    path += step;
    return true;
  });
  return path;
}

std::optional<std::string> path_problem(std::string_view name) {
  if (std::any_of(name.begin(), name.end(), is_control)) return "Its name has control characters.";
  if (name.starts_with('/') || name.starts_with('\\') || has_drive(name)) return "Its path is absolute.";
  bool climbs = false;
  for_each_step(name, [&](std::string_view step) {
    climbs = step == "..";
    return !climbs;
  });
  if (climbs) return "Its path leads out of the archive.";
  return std::nullopt;
}

}  // namespace inpaint::media
