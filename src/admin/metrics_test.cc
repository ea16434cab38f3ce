#include "admin/metrics.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>
#include <sstream>

#include "admin/test_view.h"

namespace weir::admin {

namespace {

using enum stats::ExpositionFormat;

std::string render(const TestPooler& pooler, const ProcessFacts& facts = {},
                   stats::ExpositionFormat format = Prometheus) {
  return render_metrics(pooler.view(), facts, format);
}

bool has(const std::string& text, const std::string& line) {
  return text.starts_with(line + "\n") || text.contains("\n" + line + "\n");
}

std::size_t count_series(const std::string& text, const std::string& name) {
  std::size_t count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) if (line.starts_with(name + "{")) ++count;
  return count;
}

TestPooler light_pooler() {
  TestPooler pooler;
  for (session::Snapshot& worker : pooler.workers) worker.with_sockets = false;
  pooler.workers[1].worker.index = 1;
  return pooler;
}

}  // namespace

TEST_CASE("pools have the exporter's series, over all workers") {
  TestPooler pooler = light_pooler();
  pooler.add_database("app").pool_size = 9;
  for (const std::size_t worker : {0U, 1U}) {
    session::PoolRow& row = pooler.add_pool(worker, "app", "alice");
    row.cl_active = 3;
    row.sv_idle = 2;
    row.maxwait_us = 2'500'000;
    row.counters.query_count = 10;
    row.counters.query_time = 1'250'000;
  }
  pooler.workers[0].client_groups = {{"app", "alice", "web", "login", 2}, {"", "", "", "login", 1}};
  pooler.workers[1].client_groups = {{"app", "alice", "web", "waiting", 3}};
  const std::string text = render(pooler);
  CHECK(has(text, "# TYPE pgbouncer_pools_client_active_connections gauge"));
  CHECK(has(text, "pgbouncer_pools_client_active_connections{database=\"app\",user=\"alice\"} 6"));
  CHECK(has(text, "pgbouncer_pools_client_maxwait_seconds{database=\"app\",user=\"alice\"} 2"));
  CHECK(has(text, "pgbouncer_databases_current_connections{database=\"app\",force_user=\"\","
                  "host=\"\",name=\"app\",pool_mode=\"\",port=\"5432\"} 4"));
  CHECK(has(text, "# TYPE pgbouncer_stats_totals_queries_duration_seconds_total counter"));
  for (const char* prefix : {"pgbouncer_stats_totals_", "pgbouncer_stats_"}) {
    const auto line = [prefix](const char* rest) { return std::string(prefix) + rest; };
    CHECK(has(text, line("queries_duration_seconds_total{database=\"app\"} 2.5")));
    CHECK(has(text, line("queries_pooled_total{database=\"app\"} 20")));
  }
  CHECK(has(text, "pgbouncer_client_connections{application_name=\"web\",database=\"app\","
                  "state=\"waiting\",user=\"alice\"} 5"));
  CHECK(count_series(text, "pgbouncer_client_connections") == 1);
  CHECK(has(text, "pgbouncer_up 1"));
}

TEST_CASE("OpenMetrics has the same series, and no two families of one name") {
  TestPooler pooler = light_pooler();
  pooler.add_pool(0, "app", "alice");
  const std::string plain = render(pooler);
  const std::string open = render(pooler, {}, OpenMetrics);
  std::set<std::string> plain_series, open_series, families;
  std::istringstream plain_lines(plain), open_lines(open);
  for (std::string line; std::getline(plain_lines, line);)
    if (!line.starts_with("#")) plain_series.insert(line);
  for (std::string line; std::getline(open_lines, line);) {
    if (!line.starts_with("#")) open_series.insert(line);
    if (line.starts_with("# TYPE ")) CHECK(families.insert(line.substr(0, line.rfind(' '))).second);
  }
  CHECK(plain_series == open_series);
  CHECK(open.ends_with("\n# EOF\n"));
}

TEST_CASE("what is over the bound is one more series") {
  TestPooler pooler = light_pooler();
  constexpr int kPools = 50;
  for (int i = 0; i < kPools; ++i) {
    session::PoolRow& row = pooler.add_pool(0, fmt::format("db{:02}", i), "u");
    row.cl_active = 1;
    row.maxwait_us = 1'000'000 * i;
  }
  pooler.add_pool(0, "other", "other").cl_active = 100;
  pooler.config.weir.metrics_max_series = 480;  // 120 for the pools, whose series are 12 each
  const std::string text = render(pooler);
  const std::string name = "pgbouncer_pools_client_active_connections";
  CHECK(count_series(text, name) == 10);
  CHECK(has(text, name + "{database=\"db08\",user=\"u\"} 1"));
  CHECK(has(text, name + "{database=\"other\",user=\"other\"} 141"));
  CHECK(has(text, "pgbouncer_pools_client_maxwait_seconds{database=\"other\",user=\"other\"} 49"));
}

TEST_CASE("what only Weir has") {
  TestPooler pooler = light_pooler();
  pooler.workers[0].worker = {.index = 0, .reply_us = 250, .turns = 7, .cpu_us = 1'500'000};
  pooler.workers[1].worker = {.index = 1, .mailbox = 3};
  pooler.workers[0].tally.login_failures = 2;
  pooler.workers[1].tally.login_failures = 3;
  const std::string text =
      render(pooler, {.start_s = 1'795'423'500, .weir_version = "0.1.0", .config_hash = "abc",
                      .reloads = 4, .reloads_failed = 1, .last_reload_failed = true,
                      .certificates = {{"client", 1'800'000'000}}});
  CHECK(has(text, "weir_certificate_expiry_timestamp_seconds{side=\"client\"} 1800000000"));
  CHECK(has(text, "weir_build_info{version=\"0.1.0\",behaves_as=\"PgBouncer 1.26.1 (Weir 0.1.0)\"} "
                  "1"));
  CHECK(has(text, "weir_uptime_seconds 75"));
  CHECK(has(text, "weir_config_info{hash=\"abc\"} 1"));
  CHECK(has(text, "weir_config_reloads_total{result=\"failure\"} 1"));
  CHECK(has(text, "weir_config_last_reload_successful 0"));
  CHECK(has(text, "weir_login_failures_total 5"));
  CHECK(has(text, "weir_worker_cpu_seconds_total{worker=\"0\"} 1.5"));
  CHECK(has(text, "weir_worker_mailbox_messages{worker=\"1\"} 3"));
  CHECK(has(text, "weir_worker_reply_seconds{worker=\"0\"} 0.00025"));
}

}  // namespace weir::admin
