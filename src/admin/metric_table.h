// The columns of a SHOW as families of metrics, a series for each row. Pure.
#pragma once

#include <span>
#include <string_view>

#include "stats/exposition.h"
#include "wire/write.h"

namespace weir::admin {

struct ColumnMetric {
  std::string_view column;
  stats::MetricFamily family;
  double factor = 1;  // from the column's unit to the metric's
};

struct MetricTable {
  std::span<const std::string_view> labels;  // columns, under their own names
  std::span<const ColumnMetric> metrics;
};

// `shown` is what the SHOW function has written. With more than `series_max` series in all, the
// rows that come last are summed, and of a maxwait the longest is taken, under the label `other`.
void append_table(const MetricTable& table, const wire::Buffer& shown, std::size_t series_max,
                  stats::Exposition& out);

}  // namespace weir::admin
