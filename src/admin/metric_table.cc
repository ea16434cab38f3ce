#include "admin/metric_table.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "admin/table_reader.h"

namespace weir::admin {

namespace {

constexpr std::string_view kOther = "other";

// One row, or the sum of several.
struct Entry {
  std::vector<std::string_view> labels;
  std::vector<std::uint64_t> values;
};

std::uint64_t number(const std::optional<std::string_view>& cell) {
  std::uint64_t value = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), value);
  return value;
}

class Entries {
 public:
  Entries(const MetricTable& table, const wire::Buffer& shown, std::size_t rows_max);
  const std::vector<Entry>& all() const { return entries_; }

 private:
  Entry read(const TableReader::Cells& cells) const;
  void sum_up(std::size_t first);
  static bool is_other(const Entry& entry) {
    return std::ranges::all_of(entry.labels, [](std::string_view l) { return l == kOther; });
  }

  const MetricTable& table_;
  std::vector<std::size_t> labels_, values_;  // where their columns stand
  std::vector<Entry> entries_;
};

Entries::Entries(const MetricTable& table, const wire::Buffer& shown, std::size_t rows_max)
    : table_(table) {
  TableReader reader(shown);
  for (const std::string_view label : table.labels) labels_.push_back(reader.column(label));
  for (const ColumnMetric& metric : table.metrics) values_.push_back(reader.column(metric.column));
  while (const TableReader::Cells* cells = reader.next()) entries_.push_back(read(*cells));
  if (entries_.size() <= rows_max) return;
  // Something may really be called so: it joins the others.
  std::ranges::stable_partition(entries_, [](const Entry& e) { return !is_other(e); });
  sum_up(std::max<std::size_t>(rows_max, 1) - 1);
}

Entry Entries::read(const TableReader::Cells& cells) const {
  Entry entry;
  for (const std::size_t at : labels_) entry.labels.push_back(cells[at].value_or(""));
  for (const std::size_t at : values_) entry.values.push_back(number(cells[at]));
  return entry;
}

// The entries from `first` on become one.
void Entries::sum_up(std::size_t first) {
  Entry sum{.labels = std::vector<std::string_view>(labels_.size(), kOther),
            .values = std::vector<std::uint64_t>(values_.size())};
  for (std::size_t i = first; i < entries_.size(); ++i) {
    for (std::size_t k = 0; k < values_.size(); ++k) {
      const std::uint64_t value = entries_[i].values[k];
      const bool longest = table_.metrics[k].column == "maxwait";
      sum.values[k] = longest ? std::max(sum.values[k], value) : sum.values[k] + value;
    }
  }
  entries_.resize(first);
  entries_.push_back(std::move(sum));
}

}  // namespace

void append_table(const MetricTable& table, const wire::Buffer& shown, std::size_t series_max,
                  stats::Exposition& out) {
  const Entries entries(table, shown, series_max / table.metrics.size());
  std::vector<stats::Label> labels;
  for (std::size_t k = 0; k < table.metrics.size(); ++k) {
    const ColumnMetric& metric = table.metrics[k];
    out.begin(metric.family);
    for (const Entry& entry : entries.all()) {
      labels.clear();
      for (std::size_t i = 0; i < table.labels.size(); ++i)
        labels.push_back({table.labels[i], entry.labels[i]});
      if (metric.factor == 1) {
        out.series(labels, entry.values[k]);
      } else {
        out.series(labels, static_cast<double>(entry.values[k]) * metric.factor);
      }
    }
  }
}

}  // namespace weir::admin
