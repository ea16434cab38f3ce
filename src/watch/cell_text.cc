#include "watch/cell_text.h"

#include <algorithm>
#include <cwchar>
#include <cwctype>

namespace weir::watch {

namespace {

// The first character of a text: its bytes, and its cells; -1 where it cannot be printed.
struct Character {
  std::size_t bytes = 1;
  int cells = -1;
};

Character first_character(std::string_view text) {
  wchar_t wide = 0;
  std::mbstate_t state{};
  const std::size_t bytes = std::mbrtowc(&wide, text.data(), text.size(), &state);
  if (bytes == 0 || bytes > text.size()) return {};  // NUL, or no character of this encoding
  return {bytes, wcwidth(wide)};
}

std::string blanks(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

}  // namespace

std::string printable(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.cells < 0) {
      safe += '?';
    } else {
      safe += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return safe;
}

int cell_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += std::max(character.cells, 0);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string cut(std::string_view text, int width) {
  if (cell_width(text) <= width) return std::string(text);
  if (width <= 0) return "";
  std::size_t kept = 0;
  for (int used = 0; kept < text.size();) {
    const Character character = first_character(text.substr(kept));
    used += std::max(character.cells, 0);
    if (used > width - 1) break;
    kept += character.bytes;
  }
  return std::string(text.substr(0, kept)) + '~';
}

std::string left(std::string_view text, int width) {
  std::string fitting = cut(text, width);
  return fitting + blanks(width - cell_width(fitting));
}

std::string right(std::string_view text, int width) {
  std::string fitting = cut(text, width);
  return blanks(width - cell_width(fitting)) + fitting;
}

}  // namespace weir::watch
