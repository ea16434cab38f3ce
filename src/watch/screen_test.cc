#include "watch/screen.h"

#include <doctest/doctest.h>

#include "watch/cell_text.h"
#include "watch/history.h"
#include "watch/test_sample.h"

using namespace weir::watch;
using namespace std::chrono_literals;

namespace {

std::vector<ScreenLine> screen(State& state, const Picture& picture, Size size = {}) {
  const Table table = shown_table(state, picture.now, picture.before);
  follow(state, table, page_of(size));
  return draw(state, picture, table, size);
}

bool shows(const std::vector<ScreenLine>& lines, std::string_view text) {
  for (const ScreenLine& line : lines)
    if (line.text.contains(text)) return true;
  return false;
}

}  // namespace

TEST_CASE("80 columns and 24 lines hold a whole pool") {
  State state;
  const Sample sample = test_sample();
  const auto lines = screen(state, {sample, nullptr, ""});
  REQUIRE(lines.size() == 24);
  CHECK(lines[0].text ==
        "PgBouncer 1.26.1 at 127.0.0.1:6432 as watch                  every 2 s  12:34:56");
  CHECK(lines[1].text ==
        "clients: 12 active, 1 waiting (longest 1.5 s); servers: 3 busy, 1 idle, 0 other");
  CHECK(lines[2].text == "rates: with the next sample");
  CHECK(lines[3].text == "[1 Pools] 2 Databases  3 Clients  4 Servers ");
  CHECK(lines[4].text ==
        "DATABASE  USER   CLIENTS WAITINGv  LONGEST  BUSY  IDLE  OTHER  SIZE  USE        ");
  CHECK(lines[5].text.starts_with("shop"));
  CHECK(lines[5].style == Style::Selected);
  CHECK(lines[6].text.starts_with("app"));
  CHECK(lines[6].style == Style::Plain);
  CHECK(lines[23].text.ends_with("1/2"));
}

TEST_CASE("whatever the size, nothing is wider or higher") {
  const Sample sample = test_sample();
  for (const View view : kViews) {
    for (int width = 1; width < 130; width += 3) {
      for (const int height : {1, 2, 5, 6, 7, 24, 60}) {
        State state;
        state.view = view;
        const auto lines = screen(state, {sample, &sample, "gone"}, {width, height});
        CHECK(lines.size() == static_cast<std::size_t>(height));
        for (const ScreenLine& line : lines) CHECK(cell_width(line.text) <= width);
      }
    }
  }
}

TEST_CASE("rates stand there with the second sample") {
  State state;
  const Sample before = test_sample();
  Sample now = test_sample();
  now.at = before.at + 2s;
  now.totals[0]["xact_count"] = "1100";
  const auto lines = screen(state, {now, &before, ""});
  CHECK(lines[2].text == "rates: 500 tx/s, 0 queries/s of 0.00 ms, in 0 B/s, out 0 B/s");
}

TEST_CASE("lines that call for attention say so, but for the selected one") {
  State state;
  state.view = View::Clients;
  Sample sample = test_sample();
  sample.clients.push_back(sample.clients[1]);
  sample.clients.back()["ptr"] = "0x9";
  sample.clients.back()["wait"] = "2";
  state.cursor = 2;
  const auto lines = screen(state, {sample, nullptr, ""});
  CHECK(lines[5].style == Style::Alarm);
  CHECK(lines[6].style == Style::Warning);
  CHECK(lines[7].style == Style::Selected);
}

TEST_CASE("trouble, pause, filter and scope are told") {
  State state;
  const Sample sample = test_sample();
  CHECK(screen(state, {sample, nullptr, "no answer in time"})[2].text ==
        "trying again: no answer in time");
  state.paused = true;
  state.filter = "shop";
  auto lines = screen(state, {sample, nullptr, ""});
  CHECK(lines[0].text.contains("PAUSED"));
  CHECK(lines[3].text.ends_with("filter: shop"));
  state.typed = "sh";
  CHECK(screen(state, {sample, nullptr, ""})[3].text.ends_with("filter: sh_"));
  state.typed.reset();
  state.view = View::Clients;
  state.scope = {"shop", "bob"};
  CHECK(screen(state, {sample, nullptr, ""})[3].text.contains("of shop as bob"));
}

TEST_CASE("an empty table says why") {
  State state;
  Sample sample = test_sample();
  state.filter = "nowhere";
  CHECK(shows(screen(state, {sample, nullptr, ""}), "no line contains the filter's text"));
  state.filter.clear();
  sample.pools.clear();
  CHECK(shows(screen(state, {sample, nullptr, ""}), "no pools"));
  state.view = View::Servers;
  sample.has_sockets = false;
  sample.servers.clear();
  CHECK(shows(screen(state, {sample, nullptr, ""}), "asking"));
  state.paused = true;
  CHECK(shows(screen(state, {sample, nullptr, ""}), "space goes on"));
}

TEST_CASE("help fits on 80 by 24") {
  State state;
  state.help = true;
  const Sample sample = test_sample();
  const auto lines = screen(state, {sample, nullptr, ""});
  REQUIRE(lines.size() == 24);
  CHECK(shows(lines, "Rates and means are of the time between the last two samples."));
  for (const ScreenLine& line : lines) CHECK_MESSAGE(!line.text.ends_with('~'), line.text);
  CHECK(lines[23].text.starts_with("any key closes the help"));
}

TEST_CASE("rates are never of two samples that are close together, nor of two connections") {
  History history;
  Sample sample = test_sample();
  history.add(sample, false);
  CHECK(history.before() == nullptr);
  const auto first = sample.at;
  sample.at = first + 2s;
  history.add(sample, false);
  REQUIRE(history.before() != nullptr);
  CHECK(history.before()->at == first);
  sample.at = first + 2100ms;
  history.add(sample, false);
  CHECK(history.before()->at == first);
  CHECK(history.now().at == first + 2100ms);
  sample.at = first + 9s;
  history.add(sample, true);
  CHECK(history.before() == nullptr);
}
