// What is on the screen of `weir top`: lines of text with a style each, as wide as they may be at
// most. Pure.
#pragma once

#include <string>
#include <vector>

#include "watch/state.h"

namespace weir::watch {

struct Picture {
  const Sample& now;
  const Sample* before;  // null: there is no rate yet
  std::string trouble;   // why there is no newer sample; empty: there is no trouble
};

enum class Style { Plain, Title, Heading, Selected, Warning, Alarm, Hint };

struct ScreenLine {
  std::string text;
  Style style = Style::Plain;
};

struct Size {
  int width = 80, height = 24;
};

// How many lines of a table fit.
std::size_t page_of(Size size);
// At most size.height lines. `shown` is shown_table() of the same state, follow()ed.
std::vector<ScreenLine> draw(const State& state, const Picture& picture, const Table& shown,
                             Size size);

// The lines above the tables: whose they are, sums, rates.
std::string title_line(const Sample& now);
std::string sums_line(const Sample& now);
std::string rates_line(const Sample& now, const Sample* before);

}  // namespace weir::watch
