// The histograms and the counts by kind in /metrics. The bounds of the buckets, 100 us to 52 s, are
// edges of the fine histograms (25 times a power of two), so nothing is interpolated.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "admin/merge.h"
#include "admin/metrics.h"
#include "base/check.h"

namespace weir::admin {

namespace {

using enum stats::MetricType;
using stats::Label;
using stats::Timing;

constexpr double kMicroseconds = 1e6;  // of a second
constexpr std::size_t kBounds = 20;
constexpr std::uint64_t kFirstBound = 100;
constexpr std::size_t kSeriesEach = kBounds + 3;  // of a histogram
constexpr std::string_view kOther = "other";

constexpr std::array<stats::MetricFamily, stats::kTimings> kFamilies{{
    {"pgbouncer_stats_queries_duration_seconds", Histogram,
     "Queries, from their first message in a server's hands to ReadyForQuery"},
    {"pgbouncer_stats_transactions_duration_seconds", Histogram,
     "Transactions, from their first query to the ReadyForQuery that ends them"},
    {"pgbouncer_stats_client_wait_duration_seconds", Histogram,
     "What clients have waited for a server before they got it"},
    {"pgbouncer_stats_server_duration_seconds", Histogram,
     "The part of queries in which the server was not held up by its client"},
    {"pgbouncer_stats_client_read_duration_seconds", Histogram,
     "The part of queries in which the client did not take its answer"},
    {"pgbouncer_stats_client_idle_duration_seconds", Histogram,
     "What clients have idled inside transactions, each time"},
    {"pgbouncer_stats_server_connect_duration_seconds", Histogram, "Connecting to servers"},
    {"pgbouncer_stats_server_login_duration_seconds", Histogram,
     "Logins to servers, with TLS and connect_query"},
    {"pgbouncer_stats_client_login_duration_seconds", Histogram, "Logins of clients"},
}};

void append(stats::Exposition& out, stats::Labels labels, const weir::Histogram& h) {
  std::array<stats::Bucket, kBounds> buckets;
  for (std::size_t i = 0; i < kBounds; ++i) {
    const std::uint64_t bound = kFirstBound << i;
    buckets[i] = {static_cast<double>(bound) / kMicroseconds, h.below(bound)};
  }
  out.histogram(labels, buckets, static_cast<double>(h.sum()) / kMicroseconds, h.count());
}

// The pools in the order of their names; those that the bound on series leaves no place for are
// one.
std::vector<session::PoolRow> bounded(std::vector<session::PoolRow> pools, std::size_t series_max) {
  const std::size_t most = std::max<std::size_t>(series_max / (kSeriesEach * stats::kTimings), 1);
  if (pools.size() <= most) return pools;
  std::ranges::stable_partition(
      pools, [](const auto& p) { return p.database != kOther || p.user != kOther; });
  session::PoolRow rest{.database = std::string(kOther), .user = std::string(kOther)};
  for (std::size_t i = most - 1; i < pools.size(); ++i) rest.timings += pools[i].timings;
  pools.resize(most - 1);
  pools.push_back(std::move(rest));
  return pools;
}

void append_pools(const View& view, stats::Exposition& out) {
  const auto series_max = static_cast<std::size_t>(view.config.weir.metrics_max_series) / 2;
  const auto pools = bounded(merge_pools(view.workers), series_max);
  for (std::size_t i = 0; i < stats::kTimings; ++i) {
    out.begin(kFamilies[i]);
    for (const session::PoolRow& pool : pools) {
      const weir::Histogram& h = pool.timings.of(static_cast<Timing>(i));
      if (h.count() > 0)
        append(out, std::array{Label{"database", pool.database}, Label{"user", pool.user}}, h);
    }
  }
}

void append_applications(const View& view, stats::Exposition& out,
                         const stats::MetricFamily& family,
                         weir::Histogram stats::Application::*which) {
  out.begin(family);
  for (const auto& [name, application] : merge_applications(view.workers))
    if ((application.*which).count() > 0)
      append(out, std::array{Label{"application", name}}, application.*which);
}

std::string_view help_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kHelp{{
      {"cancels", "Cancel requests, by how far they came"},
      {"client_disconnects", "Connections of clients that ended, by reason"},
      {"errors", "Errors by SQLSTATE: of servers, and of the pooler's own accord"},
      {"handovers", "Server connections that changed workers or processes"},
      {"login_failures", "Logins of clients that were refused"},
      {"pins", "Clients that came to keep their server, by reason"},
      {"prepared_statements", "Uses of clients' named statements, by what they cost"},
      {"server_disconnects", "Connections of servers that ended or failed, by reason"},
      {"server_logins", "Connections of servers that became ready"},
      {"settings", "Session settings sent to servers, and asked of them"},
      {"timeouts", "Deadlines that were missed, by option"},
      {"tls_handshakes", "TLS handshakes, by side and result"},
  }};
  const auto* it = std::ranges::find(kHelp, name, [](const auto& entry) { return entry.first; });
  ASSERT(it != kHelp.end());
  return it->second;
}

void append_counts(const View& view, stats::Exposition& out) {
  std::string_view last;
  for (const stats::CountRow& row : stats::rows(merge_tallies(view.workers))) {
    const std::string metric = fmt::format("weir_{}_total", row.name);
    if (row.name != last) out.begin({metric, Counter, help_of(row.name)});
    last = row.name;
    std::vector<Label> labels;
    for (const auto& [label, value] : row.labels)
      if (!label.empty()) labels.push_back({label, value});
    out.series(labels, row.value);
  }
}

}  // namespace

void append_measures(const View& view, stats::Exposition& out) {
  append_pools(view, out);
  append_applications(view, out, {"weir_application_queries_duration_seconds", Histogram,
                                  "As pgbouncer_stats_queries_duration_seconds, by application"},
                      &stats::Application::query);
  append_applications(view, out,
                      {"weir_application_transactions_duration_seconds", Histogram,
                       "As pgbouncer_stats_transactions_duration_seconds, by application"},
                      &stats::Application::transaction);
  append_counts(view, out);
}

}  // namespace weir::admin
