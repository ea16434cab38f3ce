#include "watch/terminal.h"

#include <curses.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cwchar>
#include <string_view>

namespace weir::watch {

namespace {

struct Look {
  Style style;
  short colour;  // of the letters
  attr_t otherwise, with_colour;
};

constexpr std::array kLooks{
    Look{Style::Plain, COLOR_WHITE, A_NORMAL, A_NORMAL},
    Look{Style::Title, COLOR_CYAN, A_BOLD, A_BOLD},
    Look{Style::Heading, COLOR_WHITE, A_BOLD | A_UNDERLINE, A_BOLD | A_UNDERLINE},
    Look{Style::Selected, COLOR_WHITE, A_REVERSE, A_REVERSE},
    Look{Style::Warning, COLOR_YELLOW, A_BOLD, A_NORMAL},
    Look{Style::Alarm, COLOR_RED, A_BOLD, A_BOLD},
    Look{Style::Hint, COLOR_CYAN, A_NORMAL, A_NORMAL}};

constexpr bool has_colour(Style style) {
  return style != Style::Plain && style != Style::Heading && style != Style::Selected;
}

attr_t attributes(Style style, bool colours) {
  for (std::size_t i = 0; i < kLooks.size(); ++i) {
    if (kLooks[i].style != style) continue;
    if (!colours) return kLooks[i].otherwise;
    const int pair = static_cast<int>(i) + 1;
    return kLooks[i].with_colour |
           (has_colour(style) ? static_cast<attr_t>(COLOR_PAIR(pair)) : attr_t{A_NORMAL});
  }
  return A_NORMAL;
}

bool begin_colours() {
  const char* refused = getenv("NO_COLOR");
  if ((refused != nullptr && *refused != '\0') || !has_colors()) return false;
  start_color();
  const short background = use_default_colors() == OK ? -1 : COLOR_BLACK;
  for (std::size_t i = 0; i < kLooks.size(); ++i)
    init_pair(static_cast<short>(i + 1), kLooks[i].colour, background);
  return true;
}

std::optional<Key> function_key(wint_t code) {
  using enum Key::Code;
  switch (code) {
    case KEY_UP: return Key{Up, {}};
    case KEY_DOWN: return Key{Down, {}};
    case KEY_LEFT: return Key{Left, {}};
    case KEY_RIGHT: return Key{Right, {}};
    case KEY_PPAGE: return Key{PageUp, {}};
    case KEY_NPAGE: return Key{PageDown, {}};
    case KEY_HOME: return Key{Home, {}};
    case KEY_END: return Key{End, {}};
    case KEY_ENTER: return Key{Enter, {}};
    case KEY_BACKSPACE: return Key{Backspace, {}};
    default: return std::nullopt;
  }
}

std::optional<Key> character_key(wint_t code) {
  using enum Key::Code;
  switch (code) {
    case '\r':
    case '\n': return Key{Enter, {}};
    case '\t': return Key{Tab, {}};
    case 27: return Key{Escape, {}};
    case 8:
    case 127: return Key{Backspace, {}};
    default: break;
  }
  std::array<char, MB_LEN_MAX> bytes;
  std::mbstate_t state{};
  const std::size_t count = std::wcrtomb(bytes.data(), static_cast<wchar_t>(code), &state);
  if (code < ' ' || count == static_cast<std::size_t>(-1)) return std::nullopt;
  return Key{Character, std::string(bytes.data(), count)};
}

}  // namespace

bool Terminal::is_there() {
  const char* name = getenv("TERM");
  const bool dumb = name == nullptr || *name == '\0' || std::string_view(name) == "dumb";
  return !dumb && isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
}

Result<void> Terminal::check() {
  int found = 0;
  if (setupterm(nullptr, STDOUT_FILENO, &found) == OK) {
    del_curterm(cur_term);
    return {};
  }
  return fail(
      fmt::format("the terminal \"{}\" (TERM) is not known here; set TERM to one that is, "
                  "as in TERM=xterm, or use --once",
                  getenv("TERM")));
}

Terminal::Terminal() {
  set_escdelay(50);
  initscr();
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  curs_set(0);
  colours_ = begin_colours();
}

Terminal::~Terminal() { endwin(); }

Size Terminal::size() const { return {getmaxx(stdscr), getmaxy(stdscr)}; }

void Terminal::show(std::span<const ScreenLine> screen) {
  erase();
  for (std::size_t i = 0; i < screen.size(); ++i) {
    const attr_t attribute = attributes(screen[i].style, colours_);
    attron(attribute);
    mvaddstr(static_cast<int>(i), 0, screen[i].text.c_str());
    attroff(attribute);
  }
  refresh();
}

std::optional<Key> Terminal::key() {
  for (;;) {
    wint_t code = 0;
    const int kind = get_wch(&code);
    if (kind == ERR) return std::nullopt;
    const auto known = kind == KEY_CODE_YES ? function_key(code) : character_key(code);
    // A new size is no key: whoever asks draws anew with the next.
    if (known) return known;
  }
}

}  // namespace weir::watch
