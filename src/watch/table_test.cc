#include "watch/table.h"

#include <doctest/doctest.h>

#include <array>
#include <numeric>

#include "watch/cell_text.h"

using namespace weir::watch;

namespace {

constexpr std::array kColumns{Column{"NAME"}, Column{"COUNT", true}, Column{"NOTE"}};

Line line(const std::string& name, double count, const std::string& note) {
  Line made;
  made.id = name;
  made.cells = {{name}, {std::to_string(static_cast<int>(count)), count}, {note}};
  return made;
}

Table example() {
  return {kColumns, {line("beta", 9, "First"), line("alpha", 10, ""), line("gamma", 9, "last")}};
}

std::string names(const Table& table) {
  std::string all;
  for (const Line& each : table.lines) all += each.cells[0].text.substr(0, 1);
  return all;
}

}  // namespace

TEST_CASE("numbers sort by value, texts by their letters, equals keep their order") {
  Table table = example();
  sort(table, {.column = 1, .descending = true});
  CHECK(names(table) == "abg");
  sort(table, {.column = 1, .descending = false});
  CHECK(names(table) == "bga");
  sort(table, {.column = 0, .descending = true});
  CHECK(names(table) == "gba");
}

TEST_CASE("a filter looks into every cell, whatever the case") {
  Table table = example();
  filter(table, "FIR");
  CHECK(names(table) == "b");
  table = example();
  filter(table, "a");
  CHECK(names(table) == "bag");
  filter(table, "10");
  CHECK(names(table) == "a");
  filter(table, "nowhere");
  CHECK(table.lines.empty());
}

TEST_CASE("columns are as wide as their widest cell, and titles have room for the mark") {
  const Table table = example();
  const auto widths = layout(table, 80);
  CHECK(widths == std::vector<int>{5, 6, 5});
  const Sorting sorting{.column = 1, .descending = true};
  CHECK(title_text(table, widths, &sorting) == "NAME  COUNTv NOTE");
  CHECK(title_text(table, widths, nullptr) == "NAME   COUNT NOTE");
  CHECK(line_text(table, table.lines[0], widths) == "beta       9 First");
  CHECK(line_text(table, table.lines[1], widths) == "alpha     10");
}

TEST_CASE("the widest text gives way first, then columns from the right") {
  Table table{kColumns, {line("a name that is long", 1, "a note that is even longer")}};
  CHECK(layout(table, 80) == std::vector<int>{19, 6, 26});
  CHECK(layout(table, 48) == std::vector<int>{19, 6, 21});
  CHECK(layout(table, 24) == std::vector<int>{8, 6, 8});
  CHECK(layout(table, 23) == std::vector<int>{16, 6});
  CHECK(layout(table, 15) == std::vector<int>{8, 6});
  CHECK(layout(table, 14) == std::vector<int>{14});
  CHECK(layout(table, 3) == std::vector<int>{3});
  CHECK(line_text(table, table.lines[0], layout(table, 24)) == "a name ~      1 a note ~");
}

TEST_CASE("in any width every line fits") {
  const Table table{kColumns, {line("a name that is long", 1, "a note that is even longer")}};
  for (int width = 1; width < 100; ++width) {
    const auto widths = layout(table, width);
    CHECK(cell_width(line_text(table, table.lines[0], widths)) <= width);
    CHECK(cell_width(title_text(table, widths, nullptr)) <= width);
  }
}
