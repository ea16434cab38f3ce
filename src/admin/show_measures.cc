// SHOW HISTOGRAMS and COUNTERS: what Weir measures beyond PgBouncer's sums. docs/metrics.md tells
// what the rows mean.
#include <fmt/format.h>

#include <array>

#include "admin/merge.h"
#include "admin/show.h"
#include "admin/table.h"

namespace weir::admin {

namespace {

using enum ColumnType;

constexpr std::array kHistogramColumns{
    Column{"name"}, Column{"database"}, Column{"user"}, Column{"application"},
    Column{"count", Int8}, Column{"mean_us", Int8}, Column{"p50_us", Int8},
    Column{"p90_us", Int8}, Column{"p99_us", Int8}, Column{"p999_us", Int8},
    Column{"max_us", Int8}};

constexpr std::array kCounterColumns{Column{"name"}, Column{"labels"}, Column{"value", Int8}};

void append_figures(Row& row, const Histogram& h) {
  row.number(h.count()).number(h.mean());
  for (const double share : {0.5, 0.9, 0.99, 0.999}) row.number(h.percentile(share));
  row.number(h.longest());
}

void append_pool(Table& table, const session::PoolRow& pool) {
  for (std::size_t i = 0; i < stats::kTimings; ++i) {
    const Histogram& h = pool.timings.of(static_cast<stats::Timing>(i));
    if (h.count() == 0) continue;
    Row row = table.row();
    row.text(stats::kTimingNames[i]).text(pool.database).text(pool.user).null();
    append_figures(row, h);
  }
}

void append_application(Table& table, std::string_view name, stats::Timing kind,
                        const Histogram& h) {
  if (h.count() == 0) return;
  Row row = table.row();
  row.text(stats::kTimingNames[static_cast<std::size_t>(kind)]).null().null().text(name);
  append_figures(row, h);
}

}  // namespace

void show_histograms(const View& view, wire::Buffer& out) {
  Table table(out, kHistogramColumns);
  for (const session::PoolRow& pool : merge_pools(view.workers)) append_pool(table, pool);
  for (const auto& [name, application] : merge_applications(view.workers)) {
    append_application(table, name, stats::Timing::Query, application.query);
    append_application(table, name, stats::Timing::Transaction, application.transaction);
  }
}

void show_counters(const View& view, wire::Buffer& out) {
  Table table(out, kCounterColumns);
  for (const stats::CountRow& count : stats::rows(merge_tallies(view.workers))) {
    std::string labels;
    for (const auto& [label, value] : count.labels)
      if (!label.empty())
        labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", label, value);
    table.row().text(count.name).text(labels).number(count.value);
  }
}

}  // namespace weir::admin
