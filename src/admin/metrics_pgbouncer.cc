// The half of /metrics that prometheus-pgbouncer-exporter 0.12 makes, with its texts: tools show
// them, and a dashboard must not be able to tell the difference.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "admin/metric_table.h"
#include "admin/metrics.h"
#include "admin/show.h"
#include "admin/table_reader.h"

namespace weir::admin {

namespace {

using enum stats::MetricType;
using stats::Label;

constexpr double kMicroseconds = 1e-6;

constexpr std::array<std::string_view, 6> kDatabasesLabels{"database", "force_user", "host",
                                                           "name", "pool_mode", "port"};
constexpr std::array<std::string_view, 2> kPoolsLabels{"database", "user"};
constexpr std::array<std::string_view, 1> kStatsTotalsLabels{"database"};

constexpr std::array kDatabasesMetrics{
    ColumnMetric{"pool_size",
     {"pgbouncer_databases_pool_size", Gauge,
         "Maximum number of server connections"}},
    ColumnMetric{"max_connections",
     {"pgbouncer_databases_max_connections", Gauge,
         "Maximum number of allowed connections for this database"}},
    ColumnMetric{"current_connections",
     {"pgbouncer_databases_current_connections", Gauge,
         "Current number of connections for this database"}},
    ColumnMetric{"paused",
     {"pgbouncer_databases_paused", Gauge,
         "1 if this database is currently paused, else 0"}},
    ColumnMetric{"disabled",
     {"pgbouncer_databases_disabled", Gauge,
         "1 if this database is currently disabled, else 0"}},
};

constexpr std::array kPoolsMetrics{
    ColumnMetric{"cl_active",
     {"pgbouncer_pools_client_active_connections", Gauge,
         "Client connections linked to server connection and able to process queries, shown as "
         "connection"}},
    ColumnMetric{"cl_waiting",
     {"pgbouncer_pools_client_waiting_connections", Gauge,
         "Client connections waiting on a server connection, shown as connection"}},
    ColumnMetric{"cl_active_cancel_req",
     {"pgbouncer_pools_client_active_cancel_connections", Gauge,
         "Client connections that have forwarded query cancellations to the server and are "
         "waiting for the server response"}},
    ColumnMetric{"cl_waiting_cancel_req",
     {"pgbouncer_pools_client_waiting_cancel_connections", Gauge,
         "Client connections that have not forwarded query cancellations to the server yet"}},
    ColumnMetric{"sv_active",
     {"pgbouncer_pools_server_active_connections", Gauge,
         "Server connections linked to a client connection, shown as connection"}},
    ColumnMetric{"sv_active_cancel",
     {"pgbouncer_pools_server_active_cancel_connections", Gauge,
         "Server connections that are currently forwarding a cancel request."}},
    ColumnMetric{"sv_being_canceled",
     {"pgbouncer_pools_server_being_canceled_connections", Gauge,
         "Servers that normally could become idle but are waiting to do so until all in-flight "
         "cancel requests have completed that were sent to cancel a query on this server."}},
    ColumnMetric{"sv_idle",
     {"pgbouncer_pools_server_idle_connections", Gauge,
         "Server connections idle and ready for a client query, shown as connection"}},
    ColumnMetric{"sv_used",
     {"pgbouncer_pools_server_used_connections", Gauge,
         "Server connections idle more than server_check_delay, needing server_check_query, "
         "shown as connection"}},
    ColumnMetric{"sv_tested",
     {"pgbouncer_pools_server_testing_connections", Gauge,
         "Server connections currently running either server_reset_query or "
         "server_check_query, shown as connection"}},
    ColumnMetric{"sv_login",
     {"pgbouncer_pools_server_login_connections", Gauge,
         "Server connections currently in the process of logging in, shown as connection"}},
    ColumnMetric{"maxwait",
     {"pgbouncer_pools_client_maxwait_seconds", Gauge,
         "Age of oldest unserved client connection, shown as second"}},
};

constexpr std::array kStatsTotalsMetrics{
    ColumnMetric{"server_assignment_count",
     {"pgbouncer_stats_totals_server_assignments_total", Counter,
         "Total number of client connections which have been served since process start"}},
    ColumnMetric{"xact_count",
     {"pgbouncer_stats_totals_sql_transactions_pooled_total", Counter,
         "Total number of SQL transactions pooled"}},
    ColumnMetric{"query_count",
     {"pgbouncer_stats_totals_queries_pooled_total", Counter,
         "Total number of SQL queries pooled"}},
    ColumnMetric{"bytes_received",
     {"pgbouncer_stats_totals_received_bytes_total", Counter,
         "Total volume in bytes of network traffic received by pgbouncer, shown as bytes"}},
    ColumnMetric{"bytes_sent",
     {"pgbouncer_stats_totals_sent_bytes_total", Counter,
         "Total volume in bytes of network traffic sent by pgbouncer, shown as bytes"}},
    ColumnMetric{"xact_time",
     {"pgbouncer_stats_totals_server_in_transaction_seconds_total", Counter,
         "Total number of seconds spent by pgbouncer when connected to PostgreSQL in a "
         "transaction, either idle in transaction or executing queries"}, kMicroseconds},
    ColumnMetric{"query_time",
     {"pgbouncer_stats_totals_queries_duration_seconds_total", Counter,
         "Total number of seconds spent by pgbouncer when actively connected to PostgreSQL, "
         "executing queries"}, kMicroseconds},
    ColumnMetric{"wait_time",
     {"pgbouncer_stats_totals_client_wait_seconds_total", Counter,
         "Time spent by clients waiting for a server in seconds"}, kMicroseconds},
    ColumnMetric{"client_parse_count",
     {"pgbouncer_stats_totals_client_parses_total", Counter,
         "Total number of prepared statement Parse messages received from clients"}},
    ColumnMetric{"server_parse_count",
     {"pgbouncer_stats_totals_server_parses_total", Counter,
         "Total number of prepared statement Parse messages sent by pgbouncer to PostgreSQL"}},
    ColumnMetric{"bind_count",
     {"pgbouncer_stats_totals_binds_total", Counter,
         "Total number of prepared statements readied for execution with a Bind message"}},
};

// By the name in the first column of SHOW LISTS.
constexpr std::array kListMetrics{
    ColumnMetric{"databases", {"pgbouncer_databases", Gauge, "Count of databases"}},
    ColumnMetric{"users", {"pgbouncer_users", Gauge, "Count of users"}},
    ColumnMetric{"pools", {"pgbouncer_pools", Gauge, "Count of pools"}},
    ColumnMetric{"free_clients", {"pgbouncer_free_clients", Gauge, "Count of free clients"}},
    ColumnMetric{"used_clients", {"pgbouncer_used_clients", Gauge, "Count of used clients"}},
    ColumnMetric{"login_clients",
                 {"pgbouncer_login_clients", Gauge, "Count of clients in login state"}},
    ColumnMetric{"free_servers", {"pgbouncer_free_servers", Gauge, "Count of free servers"}},
    ColumnMetric{"used_servers", {"pgbouncer_used_servers", Gauge, "Count of used servers"}},
    ColumnMetric{"dns_names",
                 {"pgbouncer_cached_dns_names", Gauge, "Count of DNS names in the cache"}},
    ColumnMetric{"dns_zones",
                 {"pgbouncer_cached_dns_zones", Gauge, "Count of DNS zones in the cache"}},
    ColumnMetric{"dns_queries",
                 {"pgbouncer_in_flight_dns_queries", Gauge, "Count of in-flight DNS queries"}},
};

constexpr std::string_view kTotals = "pgbouncer_stats_totals_";
constexpr std::string_view kOlderTotals = "pgbouncer_stats_";

wire::Buffer shown(void (*show)(const View&, wire::Buffer&), const View& view) {
  wire::Buffer bytes;
  show(view, bytes);
  return bytes;
}

// Exporters before 0.12 named them so, and most dashboards still do.
void append_older_totals(const wire::Buffer& totals, std::size_t series_max,
                         stats::Exposition& out) {
  std::vector<std::string> names;
  for (const ColumnMetric& metric : kStatsTotalsMetrics)
    names.push_back(std::string(kOlderTotals).append(metric.family.name.substr(kTotals.size())));
  std::vector<ColumnMetric> metrics(kStatsTotalsMetrics.begin(), kStatsTotalsMetrics.end());
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    metrics[i].family.name = names[i];
    // A histogram has this name without _total.
    if (metrics[i].column == "query_time") metrics[i].family.type = Untyped;
  }
  append_table({kStatsTotalsLabels, metrics}, totals, series_max, out);
}

void append_lists(const View& view, stats::Exposition& out) {
  const wire::Buffer bytes = shown(show_lists, view);
  TableReader reader(bytes);
  while (const TableReader::Cells* cells = reader.next()) {
    const auto metric = std::ranges::find(kListMetrics, (*cells)[0].value_or(""),
                                          &ColumnMetric::column);
    if (metric == kListMetrics.end()) continue;
    out.begin(metric->family);
    out.series_text({}, (*cells)[1].value_or("0"));
  }
}

void append_clients(const View& view, stats::Exposition& out) {
  using Key = std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>;
  std::map<Key, std::uint64_t> sums;
  for (const session::Snapshot& worker : view.workers)
    for (const session::ClientGroup& g : worker.client_groups)
      if (!g.database.empty())  // SHOW CLIENTS does not show those either
        sums[{g.application_name, g.database, shown_client_state(g.state), g.user}] += g.clients;
  out.begin({"pgbouncer_client_connections", Gauge,
             "Number of client connections grouped by database, user, application name, and "
             "state"});
  for (const auto& [key, clients] : sums) {
    const auto& [application, database, state, user] = key;
    out.series(std::array{Label{"application_name", application}, Label{"database", database},
                          Label{"state", state}, Label{"user", user}},
               clients);
  }
}

void append_one(stats::Exposition& out, const stats::MetricFamily& family, auto value) {
  out.begin(family);
  out.series({}, value);
}

void append_configuration(const View& view, stats::Exposition& out) {
  append_one(out, {"pgbouncer_config_max_client_connections", Gauge,
                   "Config maximum number of client connections"},
             view.config.settings.max_client_conn);
  append_one(out, {"pgbouncer_config_max_user_connections", Gauge,
                   "Config maximum number of server connections per user"},
             view.config.settings.max_user_connections);
  append_one(out, {"pgbouncer_up", Gauge, "The pgbouncer scrape succeeded"}, 1);
  out.begin({"pgbouncer_version_info", Gauge, "The pgbouncer version info"});
  out.series(std::array{Label{"version", view.version}}, 1);
}

void append_process(const ProcessFacts& f, stats::Exposition& out) {
  append_one(out, {"pgbouncer_process_cpu_seconds_total", Counter,
                   "Total user and system CPU time spent in seconds."}, f.cpu_s);
  append_one(out, {"pgbouncer_process_max_fds", Gauge,
                   "Maximum number of open file descriptors."}, f.descriptors_max);
  append_one(out, {"pgbouncer_process_network_receive_bytes_total", Counter,
                   "Number of bytes received by the process over the network."},
             f.network_received_bytes);
  append_one(out, {"pgbouncer_process_network_transmit_bytes_total", Counter,
                   "Number of bytes sent by the process over the network."},
             f.network_sent_bytes);
  append_one(out, {"pgbouncer_process_open_fds", Gauge, "Number of open file descriptors."},
             f.descriptors);
  append_one(out, {"pgbouncer_process_resident_memory_bytes", Gauge,
                   "Resident memory size in bytes."}, f.resident_bytes);
  append_one(out, {"pgbouncer_process_start_time_seconds", Gauge,
                   "Start time of the process since unix epoch in seconds."}, f.start_s);
  append_one(out, {"pgbouncer_process_virtual_memory_bytes", Gauge,
                   "Virtual memory size in bytes."}, f.virtual_bytes);
  append_one(out, {"pgbouncer_process_virtual_memory_max_bytes", Gauge,
                   "Maximum amount of virtual memory available in bytes."}, f.virtual_bytes_max);
}

}  // namespace

void append_pgbouncer_metrics(const View& view, const ProcessFacts& facts,
                              stats::Exposition& out) {
  // Each of the three big tables, and whatever comes later, has its part of the series.
  constexpr std::size_t kParts = 4;
  const auto part = static_cast<std::size_t>(view.config.weir.metrics_max_series) / kParts;
  append_table({kDatabasesLabels, kDatabasesMetrics}, shown(show_databases, view), part, out);
  append_table({kPoolsLabels, kPoolsMetrics}, shown(show_pools, view), part, out);
  const wire::Buffer totals = shown(show_stats_totals, view);
  append_table({kStatsTotalsLabels, kStatsTotalsMetrics}, totals, part / 2, out);
  append_older_totals(totals, part / 2, out);
  append_lists(view, out);
  append_clients(view, out);
  append_configuration(view, out);
  append_process(facts, out);
}

std::string render_metrics(const View& view, const ProcessFacts& facts,
                           stats::ExpositionFormat format) {
  stats::Exposition out(format);
  append_pgbouncer_metrics(view, facts, out);
  append_weir_metrics(view, facts, out);
  append_measures(view, out);
  return std::move(out).finish();
}

}  // namespace weir::admin
