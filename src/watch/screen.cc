#include "watch/screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "watch/cell_text.h"
#include "watch/figures.h"
#include "watch/reading.h"

namespace weir::watch {

namespace {

constexpr std::array kHelp{
    "Up Down PgUp PgDn Home End   select a line (also j, k)",
    "Enter                        what is in it: the clients of a pool or database,",
    "                             the servers of a client's pool",
    "Esc, Backspace               back: first the filter, then the pool",
    "1 2 3 4, Tab                 pools, databases, clients, servers; next",
    "< > Left Right               sort by the column to the left, to the right",
    "r                            the other way round",
    "/                            show only lines that contain a text; Enter keeps it",
    "+ -                          longer, shorter between two samples",
    "space, p                     pause and go on",
    "h, ?                         this help",
    "q                            quit",
    "",
    "CLIENTS WAITING LONGEST      served; waiting for a server, and since when",
    "BUSY IDLE OTHER              servers of clients; free; in a login or check",
    "SIZE USE                     pool_size, and how much of it is there",
    "QUERY TX WAIT                means of a query, a transaction, a wait",
    "Rates and means are of the time between the last two samples."};

constexpr const char* kHint =
    "q quit  h help  Enter open  Esc back  / filter  <> sort  space pause";

// Title, sums, rates and views above the table, its heading, the hint below.
constexpr int kFrame = 6;

std::string interval_text(const State& state) {
  return state.paused ? "PAUSED" : fmt::format("every {} s", state.interval.count());
}

std::string view_bar(const State& state) {
  std::string bar;
  for (std::size_t i = 0; i < kViews.size(); ++i) {
    std::string name(view_name(kViews[i]));
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    const bool current = kViews[i] == state.view;
    bar += fmt::format("{}{} {}{}", current ? '[' : ' ', i + 1, name, current ? ']' : ' ');
  }
  if (!state.scope.empty())
    bar += fmt::format("  of {}{}{}", printable(state.scope.database),
                       state.scope.user.empty() ? "" : " as ", printable(state.scope.user));
  if (state.typed) return bar + fmt::format("  filter: {}_", *state.typed);
  if (!state.filter.empty()) bar += fmt::format("  filter: {}", state.filter);
  return bar;
}

std::string why_empty(const State& state, const Sample& now) {
  if (needs_sockets(state.view) && !now.has_sockets)
    return state.paused ? "not asked for yet; space goes on" : "asking";
  if (!state.shown_filter().empty()) return "no line contains the filter's text; Esc removes it";
  return fmt::format("no {}", view_name(state.view));
}

Style style_of(Mark mark) {
  switch (mark) {
    case Mark::None: return Style::Plain;
    case Mark::Warning: return Style::Warning;
    case Mark::Alarm: return Style::Alarm;
  }
  return Style::Plain;
}

void append_table(std::vector<ScreenLine>& lines, const State& state, const Table& shown,
                  Size size) {
  const auto widths = layout(shown, size.width);
  lines.push_back({left(title_text(shown, widths, &state.sorting()), size.width), Style::Heading});
  const std::size_t end = std::min(shown.lines.size(), state.first + page_of(size));
  for (std::size_t i = state.first; i < end; ++i) {
    const Line& line = shown.lines[i];
    const std::string text = line_text(shown, line, widths);
    if (i == state.cursor) {
      lines.push_back({left(text, size.width), Style::Selected});
    } else {
      lines.push_back({text, style_of(line.mark)});
    }
  }
}

std::string position(const State& state, const Table& shown) {
  return shown.lines.empty() ? "" : fmt::format("{}/{}", state.cursor + 1, shown.lines.size());
}

// `end` in the corner to the right.
std::string with_end(const std::string& text, const std::string& end, int width) {
  return left(text, std::max(width - cell_width(end) - 1, 0)) + ' ' + end;
}

}  // namespace

std::size_t page_of(Size size) {
  return static_cast<std::size_t>(std::max(size.height - kFrame, 0));
}

std::string title_line(const Sample& now) {
  return printable(fmt::format("{} at {} as {}", now.version, now.where, now.user));
}

std::string sums_line(const Sample& now) {
  const Reading sums = reading_of(now.pools, now.totals, now.at);
  const std::string longest =
      sums.longest_wait_us > 0
          ? " (longest " + time_text(static_cast<double>(sums.longest_wait_us)) + ")"
          : "";
  return fmt::format("clients: {} active, {} waiting{}; servers: {} busy, {} idle, {} other",
                     sums.clients_active, sums.clients_waiting, longest, sums.servers_busy,
                     sums.servers_idle, sums.servers_other);
}

std::string rates_line(const Sample& now, const Sample* before) {
  if (before == nullptr) return "rates: with the next sample";
  const Rates rates = rates_between(reading_of(before->pools, before->totals, before->at),
                                    reading_of(now.pools, now.totals, now.at));
  return fmt::format("rates: {} tx/s, {} queries/s of {}, in {}/s, out {}/s",
                     count_text(rates.transactions), count_text(rates.queries),
                     time_text(rates.query_us), bytes_text(rates.bytes_in),
                     bytes_text(rates.bytes_out));
}

std::vector<ScreenLine> draw(const State& state, const Picture& picture, const Table& shown,
                             Size size) {
  const std::string when = fmt::format("{}  {}", interval_text(state), picture.now.clock);
  std::vector<ScreenLine> lines{{with_end(title_line(picture.now), when, size.width), Style::Title},
                                {sums_line(picture.now)},
                                {rates_line(picture.now, picture.before)},
                                {view_bar(state)}};
  if (!picture.trouble.empty()) lines[2] = {"trying again: " + picture.trouble, Style::Alarm};
  if (state.help) {
    for (const char* line : kHelp) lines.push_back({line});
  } else {
    append_table(lines, state, shown, size);
    if (shown.lines.empty()) lines.push_back({why_empty(state, picture.now), Style::Hint});
  }
  const auto height = static_cast<std::size_t>(std::max(size.height, 1));
  if (lines.size() < height) {
    lines.resize(height - 1);
    const std::string hint = state.help ? "any key closes the help" : kHint;
    lines.push_back({with_end(hint, position(state, shown), size.width), Style::Hint});
  }
  lines.resize(height);
  for (ScreenLine& line : lines) line.text = cut(line.text, size.width);
  return lines;
}

}  // namespace weir::watch
