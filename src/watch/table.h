// A table for a screen or a page: sorted, filtered, laid out in a width. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::watch {

struct Column {
  std::string_view title;
  bool is_number = false;  // to the right, and in the order of its values
};

struct Cell {
  std::string text;  // printable
  double value = 0;  // of a number
};

enum class Mark { None, Warning, Alarm };

struct Line {
  std::string id;              // the same from sample to sample
  std::string database, user;  // of the pool that it belongs to
  std::vector<Cell> cells;     // one a column
  Mark mark = Mark::None;
};

struct Table {
  std::span<const Column> columns;
  std::vector<Line> lines;
};

struct Sorting {
  std::size_t column = 0;
  bool descending = false;

  bool operator==(const Sorting&) const = default;
};

// Equal lines keep their order.
void sort(Table& table, Sorting sorting);
// Keeps the lines with a cell that contains `text`, whatever its case.
void filter(Table& table, std::string_view text);

// How wide each column is, where `width` cells are there: first texts are cut, then columns are
// left out from the right. One column at least.
std::vector<int> layout(const Table& table, int width);
// Without the blanks at the end. `sorting` marks its column with `^` or `v`.
std::string title_text(const Table& table, std::span<const int> widths, const Sorting* sorting);
std::string line_text(const Table& table, const Line& line, std::span<const int> widths);

}  // namespace weir::watch
