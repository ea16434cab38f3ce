#include <doctest/doctest.h>
#include <fmt/format.h>

#include "admin/metrics.h"
#include "admin/test_view.h"

namespace weir::admin {

namespace {

std::string render(const TestPooler& pooler) {
  stats::Exposition out(stats::ExpositionFormat::Prometheus);
  append_measures(pooler.view(), out);
  return std::move(out).finish();
}

bool has(const std::string& text, const std::string& line) {
  return text.starts_with(line + "\n") || text.contains("\n" + line + "\n");
}

}  // namespace

TEST_CASE("histograms have cumulative buckets over all workers") {
  TestPooler pooler;
  using stats::Timing;
  pooler.add_pool(0, "app", "alice").timings.record(Timing::Wait, Duration(99));
  auto& two = pooler.add_pool(1, "app", "alice").timings;
  two.record(Timing::Wait, Duration(150));
  two.record(Timing::Wait, std::chrono::seconds(100));
  const std::string text = render(pooler);
  const std::string name = "pgbouncer_stats_client_wait_duration_seconds";
  const std::string labels = "database=\"app\",user=\"alice\"";
  CHECK(has(text, "# TYPE " + name + " histogram"));
  CHECK(has(text, name + "_bucket{" + labels + ",le=\"0.0001\"} 1"));
  CHECK(has(text, name + "_bucket{" + labels + ",le=\"0.0002\"} 2"));
  CHECK(has(text, name + "_bucket{" + labels + ",le=\"52.4288\"} 2"));
  CHECK(has(text, name + "_bucket{" + labels + ",le=\"+Inf\"} 3"));
  CHECK(has(text, name + "_sum{" + labels + "} 100.000249"));
  CHECK(has(text, name + "_count{" + labels + "} 3"));
  CHECK_FALSE(text.contains("pgbouncer_stats_client_read_duration_seconds_count"));
}

TEST_CASE("pools beyond the bound on series are one") {
  TestPooler pooler;
  for (int i = 0; i < 10; ++i)
    pooler.add_pool(0, fmt::format("db{}", i), "u").timings.record(stats::Timing::Query,
                                                                  Duration(1));
  pooler.config.weir.metrics_max_series = 3 * 2 * 9 * 23;  // three pools
  const std::string text = render(pooler);
  const std::string name = "pgbouncer_stats_queries_duration_seconds_count";
  CHECK(has(text, name + "{database=\"db1\",user=\"u\"} 1"));
  CHECK_FALSE(text.contains("database=\"db2\""));
  CHECK(has(text, name + "{database=\"other\",user=\"other\"} 8"));
}

TEST_CASE("counts by kind, and durations by application") {
  TestPooler pooler;
  pooler.workers[0].tally.timeouts[stats::Timeout::QueryWait] = 2;
  pooler.workers[1].tally.timeouts[stats::Timeout::QueryWait] = 1;
  pooler.workers[1].tally.server_errors.count("40001");
  pooler.workers[0].applications.of("web", 9).query.record(300);
  const std::string text = render(pooler);
  CHECK(has(text, "# TYPE weir_timeouts_total counter"));
  CHECK(has(text, "weir_timeouts_total{kind=\"query_wait_timeout\"} 3"));
  CHECK(has(text, "weir_errors_total{source=\"server\",sqlstate=\"40001\"} 1"));
  CHECK(has(text, "weir_application_queries_duration_seconds_count{application=\"web\"} 1"));
}

}  // namespace weir::admin
