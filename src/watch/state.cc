#include "watch/state.h"

#include <algorithm>

#include "watch/cell_text.h"

namespace weir::watch {

namespace {

using enum Key::Code;

constexpr std::array kIntervals{1, 2, 5, 10, 30, 60, 300, 900, 3600};

void go_to(State& state, View view) {
  if (!needs_sockets(view)) state.scope = {};
  state.view = view;
  state.cursor = state.first = 0;
  state.selected.clear();
}

void go_to_next_view(State& state) {
  const bool in_scope = !state.scope.empty();
  const auto next = kViews[(static_cast<std::size_t>(state.view) + 1) % kViews.size()];
  go_to(state, in_scope && !needs_sockets(next) ? View::Clients : next);
}

// From a pool or a database to its clients; from a client to the servers of its pool and back.
void drill_down(State& state, const Table& shown) {
  if (state.cursor >= shown.lines.size()) return;
  const Line& line = shown.lines[state.cursor];
  const Scope scope{line.database, line.user};
  const View next = state.view == View::Clients ? View::Servers : View::Clients;
  state.filter.clear();
  go_to(state, next);
  state.scope = scope;
}

// One step out: the filter, then to the pool or database that it came from.
void back(State& state) {
  if (!state.filter.empty()) return state.filter.clear();
  if (!needs_sockets(state.view)) return;
  const Scope from = state.scope;
  const bool is_database = !from.database.empty() && from.user.empty();
  go_to(state, is_database ? View::Databases : View::Pools);
  if (!from.empty()) state.selected = is_database ? from.database : pool_id(from);
}

void move(State& state, const Table& shown, std::ptrdiff_t lines) {
  if (shown.lines.empty()) return;
  const auto last = static_cast<std::ptrdiff_t>(shown.lines.size()) - 1;
  const auto target = static_cast<std::ptrdiff_t>(state.cursor) + lines;
  state.cursor = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(target, 0, last));
  state.selected = shown.lines[state.cursor].id;
}

// Texts begin with A, numbers with the greatest.
void sort_by(State& state, const Table& shown, std::ptrdiff_t step) {
  const auto count = static_cast<std::ptrdiff_t>(shown.columns.size());
  const auto column = (static_cast<std::ptrdiff_t>(state.sorting().column) + step + count) % count;
  const auto index = static_cast<std::size_t>(column);
  state.sorting() = {index, shown.columns[index].is_number};
}

void change_interval(State& state, bool longer) {
  const int now = static_cast<int>(state.interval.count());
  if (longer) {
    const auto next = std::ranges::upper_bound(kIntervals, now);
    if (next != kIntervals.end()) state.interval = std::chrono::seconds(*next);
  } else {
    const auto next = std::ranges::lower_bound(kIntervals, now);
    if (next != kIntervals.begin()) state.interval = std::chrono::seconds(*(next - 1));
  }
}

void drop_last_character(std::string& text) {
  const auto is_middle = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  while (!text.empty() && is_middle(text.back())) text.pop_back();
  if (!text.empty()) text.pop_back();
}

void type(State& state, const Key& key) {
  switch (key.code) {
    case Enter:
      state.filter = *state.typed;
      state.typed.reset();
      break;
    case Escape: state.typed.reset(); break;
    case Backspace: drop_last_character(*state.typed); break;
    case Character: *state.typed += printable(key.text); break;
    case Up:
    case Down:
    case Left:
    case Right:
    case PageUp:
    case PageDown:
    case Home:
    case End:
    case Tab: break;
  }
}

void command(State& state, char letter, const Table& shown) {
  switch (letter) {
    case 'q':
    case 'Q': state.quit = true; break;
    case 'h':
    case '?': state.help = !state.help; break;
    case 'p':
    case ' ': state.paused = !state.paused; break;
    case '1': go_to(state, View::Pools); break;
    case '2': go_to(state, View::Databases); break;
    case '3': go_to(state, View::Clients); break;
    case '4': go_to(state, View::Servers); break;
    case '/': state.typed = state.filter; break;
    case '<': sort_by(state, shown, -1); break;
    case '>': sort_by(state, shown, +1); break;
    case 'r':
    case 'R': state.sorting().descending = !state.sorting().descending; break;
    case '+': change_interval(state, true); break;
    case '-': change_interval(state, false); break;
    case 'j': move(state, shown, +1); break;
    case 'k': move(state, shown, -1); break;
    default: break;
  }
}

}  // namespace

void press(State& state, const Key& key, const Table& shown, std::size_t page) {
  const auto lines = static_cast<std::ptrdiff_t>(std::max<std::size_t>(page, 1));
  const auto all = static_cast<std::ptrdiff_t>(shown.lines.size());
  if (state.typed) return type(state, key);
  // Help is read and closed; what a key does under it could not be seen.
  if (state.help && (key.code != Character || key.text != "q")) {
    state.help = false;
    return;
  }
  switch (key.code) {
    case Character:
      if (key.text.size() == 1) command(state, key.text[0], shown);
      break;
    case Up: move(state, shown, -1); break;
    case Down: move(state, shown, +1); break;
    case PageUp: move(state, shown, -lines); break;
    case PageDown: move(state, shown, +lines); break;
    case Home: move(state, shown, -all); break;
    case End: move(state, shown, +all); break;
    case Left: sort_by(state, shown, -1); break;
    case Right: sort_by(state, shown, +1); break;
    case Enter: drill_down(state, shown); break;
    case Escape:
    case Backspace: back(state); break;
    case Tab: go_to_next_view(state); break;
  }
}

Table shown_table(const State& state, const Sample& now, const Sample* before) {
  Table table = table_of(state.view, now, before);
  restrict_to(table, state.scope);
  filter(table, state.shown_filter());
  sort(table, state.sorting());
  return table;
}

void follow(State& state, const Table& shown, std::size_t page) {
  if (!state.selected.empty()) {
    const auto found = std::ranges::find(shown.lines, state.selected, &Line::id);
    if (found != shown.lines.end())
      state.cursor = static_cast<std::size_t>(found - shown.lines.begin());
  }
  const std::size_t count = shown.lines.size();
  state.cursor = std::min(state.cursor, count == 0 ? 0 : count - 1);
  const std::size_t fitting = std::max<std::size_t>(page, 1);
  state.first = std::min(state.first, count > fitting ? count - fitting : 0);
  state.first = std::min(state.first, state.cursor);
  if (state.cursor >= state.first + fitting) state.first = state.cursor - fitting + 1;
}

}  // namespace weir::watch
