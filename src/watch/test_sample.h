// A sample for tests: two pools, three clients, two servers, as PgBouncer's console shows them.
#pragma once

#include "watch/sample.h"

namespace weir::watch {

inline void add_test_sockets(Sample& sample) {
  sample.has_sockets = true;
  sample.clients = {{{"user", "ann"},
                     {"database", "app"},
                     {"state", "active"},
                     {"addr", "10.1.1.1"},
                     {"port", "40000"},
                     {"connect_time", "2026-11-22 08:46:15 UTC"},
                     {"request_time", "2026-11-23 12:34:55 UTC"},
                     {"ptr", "0x1"},
                     {"link", "0x11"},
                     {"application_name", "web\x1b[2J"},
                     {"prepared_statements", "3"}},
                    {{"user", "carol"},
                     {"database", "shop"},
                     {"state", "waiting"},
                     {"addr", "::1"},
                     {"port", "40001"},
                     {"wait", "0"},
                     {"wait_us", "500"},
                     {"ptr", "0x2"}},
                    {{"user", "watch"}, {"database", "pgbouncer"}, {"ptr", "0x3"}}};
  sample.servers = {{{"user", "ann"},
                     {"database", "app"},
                     {"state", "active"},
                     {"addr", "10.0.0.5"},
                     {"port", "5432"},
                     {"ptr", "0x11"},
                     {"link", "0x1"},
                     {"remote_pid", "777"}},
                    {{"user", "bob"},
                     {"database", "shop"},
                     {"state", "idle"},
                     {"addr", "unix"},
                     {"port", "5432"},
                     {"ptr", "0x12"},
                     {"close_needed", "1"},
                     {"remote_pid", "778"}}};
}

inline Sample test_sample() {
  Sample sample;
  sample.version = "PgBouncer 1.26.1";
  sample.where = "127.0.0.1:6432";
  sample.user = "watch";
  sample.clock = "12:34:56";
  sample.pools = {{{"database", "app"},
                   {"user", "ann"},
                   {"cl_active", "2"},
                   {"sv_active", "1"},
                   {"sv_idle", "1"},
                   {"pool_mode", "transaction"}},
                  {{"database", "shop"},
                   {"user", "bob"},
                   {"cl_active", "10"},
                   {"cl_waiting", "1"},
                   {"sv_active", "2"},
                   {"maxwait", "1"},
                   {"maxwait_us", "500000"},
                   {"pool_mode", "session"}},
                  {{"database", "pgbouncer"}, {"user", "pgbouncer"}, {"cl_active", "1"}}};
  sample.databases = {{{"name", "app"},
                       {"host", "10.0.0.5"},
                       {"port", "5432"},
                       {"database", "app_db"},
                       {"force_user", ""},
                       {"pool_size", "20"},
                       {"max_connections", "0"},
                       {"current_connections", "2"},
                       {"current_client_connections", "2"}},
                      {{"name", "shop"},
                       {"force_user", "bob"},
                       {"pool_size", "20"},
                       {"max_connections", "2"},
                       {"current_connections", "2"},
                       {"current_client_connections", "11"},
                       {"paused", "1"}},
                      {{"name", "pgbouncer"}}};
  sample.users = {{{"name", "ann"}, {"pool_size", ""}},
                  {{"name", "bob"}, {"pool_size", "        4"}}};
  sample.totals = {{{"database", "app"},
                    {"xact_count", "100"},
                    {"query_count", "200"},
                    {"query_time", "100000"},
                    {"xact_time", "300000"},
                    {"wait_time", "1000"},
                    {"bytes_received", "5000"},
                    {"bytes_sent", "50000"}},
                   {{"database", "shop"}, {"xact_count", "5"}, {"query_count", "5"}}};
  add_test_sockets(sample);
  return sample;
}

}  // namespace weir::watch
