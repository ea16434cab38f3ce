#include "watch/table.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "watch/cell_text.h"

namespace weir::watch {

namespace {

constexpr int kGap = 1;  // between columns; most have a blank of their own at the title

bool contains_ignoring_case(std::string_view text, std::string_view wanted) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto equal = [lower](char a, char b) { return lower(a) == lower(b); };
  return wanted.empty() || !std::ranges::search(text, wanted, equal).empty();
}

// A title keeps room for the mark of the sorted column.
int natural_width(const Table& table, std::size_t column) {
  int width = cell_width(table.columns[column].title) + 1;
  for (const Line& line : table.lines) width = std::max(width, cell_width(line.cells[column].text));
  return width;
}

int total(std::span<const int> widths) {
  return std::accumulate(widths.begin(), widths.end(), 0) +
         kGap * (static_cast<int>(widths.size()) - 1);
}

// A text is not cut below this while a column can be left out instead; its title never.
int narrowest(const Column& column) { return std::max(8, cell_width(column.title) + 1); }

// Takes from the widest texts first; true where it was enough.
bool shrink_texts(const Table& table, std::vector<int>& widths, int width) {
  while (total(widths) > width) {
    int* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (!table.columns[i].is_number && widths[i] > narrowest(table.columns[i]) &&
          (widest == nullptr || widths[i] > *widest))
        widest = &widths[i];
    if (widest == nullptr) return false;
    --*widest;
  }
  return true;
}

std::string without_blanks_at_end(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

template <typename TextOf>
std::string joined(const Table& table, std::span<const int> widths, TextOf text_of) {
  std::string joined;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) joined.append(kGap, ' ');
    const bool is_number = table.columns[i].is_number;
    joined += is_number ? right(text_of(i), widths[i]) : left(text_of(i), widths[i]);
  }
  return without_blanks_at_end(std::move(joined));
}

}  // namespace

void sort(Table& table, Sorting sorting) {
  ASSERT(sorting.column < table.columns.size());
  const bool by_value = table.columns[sorting.column].is_number;
  const auto before = [&](const Line& a, const Line& b) {
    const Cell &first = a.cells[sorting.column], &second = b.cells[sorting.column];
    return by_value ? first.value < second.value : first.text < second.text;
  };
  std::ranges::stable_sort(table.lines, [&](const Line& a, const Line& b) {
    return sorting.descending ? before(b, a) : before(a, b);
  });
}

void filter(Table& table, std::string_view text) {
  std::erase_if(table.lines, [text](const Line& line) {
    return std::ranges::none_of(
        line.cells, [text](const Cell& cell) { return contains_ignoring_case(cell.text, text); });
  });
}

std::vector<int> layout(const Table& table, int width) {
  std::vector<int> natural;
  for (std::size_t i = 0; i < table.columns.size(); ++i) natural.push_back(natural_width(table, i));
  for (std::vector<int> widths = natural;; widths = natural) {
    if (shrink_texts(table, widths, width)) return widths;
    if (natural.size() == 1) return {std::max(width, 1)};
    natural.pop_back();
  }
}

std::string title_text(const Table& table, std::span<const int> widths, const Sorting* sorting) {
  return joined(table, widths, [&](std::size_t i) {
    std::string title(table.columns[i].title);
    if (sorting != nullptr && sorting->column == i) title += sorting->descending ? 'v' : '^';
    return title;
  });
}

std::string line_text(const Table& table, const Line& line, std::span<const int> widths) {
  return joined(table, widths, [&](std::size_t i) { return std::string_view(line.cells[i].text); });
}

}  // namespace weir::watch
