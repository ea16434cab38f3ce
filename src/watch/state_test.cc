#include "watch/state.h"

#include <doctest/doctest.h>

#include "watch/test_sample.h"

using namespace weir::watch;

namespace {

using Code = Key::Code;

// Somebody at the keyboard, with one sample to look at.
struct Person {
  State state;
  Sample sample = test_sample();
  std::size_t page = 10;

  Table shown() {
    Table table = shown_table(state, sample, nullptr);
    follow(state, table, page);
    return table;
  }
  void press(Code code) { weir::watch::press(state, {code, {}}, shown(), page); }
  void type(std::string_view letters) {
    for (const char letter : letters)
      weir::watch::press(state, {Code::Character, std::string(1, letter)}, shown(), page);
  }
  std::string first_cells() {
    std::string all;
    for (const Line& line : shown().lines) all += line.cells[0].text + " ";
    return all;
  }
};

}  // namespace

TEST_CASE("the first look is at the pool with the most waiting clients") {
  Person person;
  CHECK(person.first_cells() == "shop app ");
}

TEST_CASE("views by number and in turn") {
  Person person;
  person.type("4");
  CHECK(person.state.view == View::Servers);
  person.press(Code::Tab);
  CHECK(person.state.view == View::Pools);
  person.press(Code::Tab);
  CHECK(person.state.view == View::Databases);
}

TEST_CASE("sorting by another column, and the other way round") {
  Person person;
  for (int i = 0; i < 3; ++i) person.press(Code::Left);
  CHECK(person.state.sorting() == Sorting{0, false});
  CHECK(person.first_cells() == "app shop ");
  person.type("r");
  CHECK(person.first_cells() == "shop app ");
  person.type("<");
  const std::size_t last = person.shown().columns.size() - 1;
  CHECK(person.state.sorting().column == last);
  person.type(">");
  CHECK(person.state.sorting().column == 0);
  // Each view keeps its own.
  person.type("2");
  CHECK(person.state.sorting() == first_sorting(View::Databases));
}

TEST_CASE("from a pool to its clients, to its servers, and back to the pool") {
  Person person;
  person.press(Code::Down);
  person.press(Code::Enter);
  CHECK(person.state.view == View::Clients);
  CHECK(person.state.scope == Scope{"app", "ann"});
  CHECK(person.first_cells() == "ann ");
  person.press(Code::Tab);
  CHECK(person.state.view == View::Servers);
  CHECK(person.first_cells() == "ann ");
  person.press(Code::Tab);
  CHECK(person.state.view == View::Clients);
  person.press(Code::Enter);
  CHECK(person.state.view == View::Servers);
  CHECK(person.state.scope == Scope{"app", "ann"});
  person.press(Code::Escape);
  CHECK(person.state.view == View::Pools);
  CHECK(person.state.scope.empty());
  person.shown();
  CHECK(person.state.cursor == 1);
}

TEST_CASE("from a database to the clients of all its pools, and back to it") {
  Person person;
  person.type("2");
  person.press(Code::End);
  const std::string name = person.state.selected;
  person.press(Code::Enter);
  CHECK(person.state.scope == Scope{name, ""});
  person.press(Code::Backspace);
  CHECK(person.state.view == View::Databases);
  person.shown();
  CHECK(person.state.cursor == 1);
}

TEST_CASE("entering an empty table does nothing") {
  Person person;
  person.sample.pools.clear();
  person.press(Code::Down);
  person.press(Code::Enter);
  CHECK(person.state.view == View::Pools);
}

TEST_CASE("a filter acts while it is typed, is kept by Enter and dropped by Escape") {
  Person person;
  person.type("/SHx");
  CHECK(person.first_cells() == "");
  person.press(Code::Backspace);
  CHECK(person.first_cells() == "shop ");
  person.press(Code::Enter);
  CHECK(person.state.filter == "SH");
  CHECK_FALSE(person.state.typed);
  person.type("/q");  // a letter, not a command
  CHECK_FALSE(person.state.quit);
  person.press(Code::Escape);
  CHECK(person.state.filter == "SH");
  person.press(Code::Escape);
  CHECK(person.first_cells() == "shop app ");
}

TEST_CASE("backspace takes a whole character of several bytes") {
  Person person;
  person.type("/");
  person.state.typed = "a\xc3\xbc";
  person.press(Code::Backspace);
  CHECK(*person.state.typed == "a");
  person.press(Code::Backspace);
  person.press(Code::Backspace);
  CHECK(person.state.typed->empty());
}

TEST_CASE("the interval grows and shrinks in steps, within bounds") {
  Person person;
  person.type("-");
  CHECK(person.state.interval.count() == 1);
  person.type("-");
  CHECK(person.state.interval.count() == 1);
  person.state.interval = std::chrono::seconds(7);
  person.type("+");
  CHECK(person.state.interval.count() == 10);
  person.state.interval = std::chrono::seconds(7);
  person.type("-");
  CHECK(person.state.interval.count() == 5);
  person.type("+++++++++++++");
  CHECK(person.state.interval == kLongestInterval);
}

TEST_CASE("pause, help, quit") {
  Person person;
  person.type("p");
  CHECK(person.state.paused);
  person.type(" ");
  CHECK_FALSE(person.state.paused);
  person.type("h");
  CHECK(person.state.help);
  person.type("2");  // only closes it
  CHECK_FALSE(person.state.help);
  CHECK(person.state.view == View::Pools);
  person.type("?q");
  CHECK(person.state.quit);
}

TEST_CASE("the selected line is followed to where it is sorted to") {
  Person person;
  person.press(Code::Down);
  CHECK(person.shown().lines[person.state.cursor].database == "app");
  person.sample.pools[0]["cl_waiting"] = "9";
  person.shown();
  CHECK(person.state.cursor == 0);
}

TEST_CASE("nobody has moved: the first line is selected, whatever comes there") {
  Person person;
  person.shown();
  person.sample.pools[0]["cl_waiting"] = "9";
  CHECK(person.shown().lines[person.state.cursor].database == "app");
}

TEST_CASE("a line that is gone leaves the selection where it was, inside the table") {
  Person person;
  person.press(Code::End);
  person.sample.pools.erase(person.sample.pools.begin());
  person.shown();
  CHECK(person.state.cursor == 0);
}

TEST_CASE("scrolling keeps the selected line on the page, and no empty page") {
  Person person;
  person.page = 3;
  for (int i = 0; i < 10; ++i) {
    Row pool = person.sample.pools[0];
    pool["user"] = "user" + std::to_string(i);
    person.sample.pools.push_back(pool);
  }
  const auto check = [&](std::size_t cursor, std::size_t first) {
    person.shown();
    CHECK(person.state.cursor == cursor);
    CHECK(person.state.first == first);
  };
  person.press(Code::PageDown);
  check(3, 1);
  person.press(Code::End);
  check(11, 9);
  person.press(Code::Up);
  check(10, 9);
  person.press(Code::PageUp);
  check(7, 7);
  person.page = 20;
  check(7, 0);
  person.press(Code::Home);
  check(0, 0);
  person.page = 0;
  check(0, 0);
}
