// Where somebody is in `weir top`, and what a key changes about it. Pure.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "watch/views.h"

namespace weir::watch {

struct Key {
  enum class Code {
    Character,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    Tab,
    Backspace
  };

  Code code = Code::Character;
  std::string text;  // of a character, in the locale's encoding
};

inline constexpr std::chrono::seconds kFirstInterval{2}, kLongestInterval{3600};

struct State {
  View view = View::Pools;
  std::array<Sorting, kViews.size()> sortings{
      first_sorting(View::Pools), first_sorting(View::Databases), first_sorting(View::Clients),
      first_sorting(View::Servers)};
  Scope scope;  // what clients and servers are restricted to
  std::string filter;
  std::optional<std::string> typed;  // a filter that is being typed
  std::chrono::seconds interval = kFirstInterval;
  bool paused = false, help = false, quit = false;
  std::size_t cursor = 0;  // the line that is selected, in the table as shown
  std::string selected;    // its id; empty until somebody moves
  std::size_t first = 0;   // the line at the top

  Sorting& sorting() { return sortings[static_cast<std::size_t>(view)]; }
  const Sorting& sorting() const { return sortings[static_cast<std::size_t>(view)]; }
  const std::string& shown_filter() const { return typed ? *typed : filter; }
};

// `shown` is the table as it is on the screen, of which `page` lines fit.
void press(State& state, const Key& key, const Table& shown, std::size_t page);

// The table as the state wants it: restricted, filtered, sorted.
Table shown_table(const State& state, const Sample& now, const Sample* before);
// Follows the selected line to where it is in `shown` now, and scrolls there.
void follow(State& state, const Table& shown, std::size_t page);

}  // namespace weir::watch
