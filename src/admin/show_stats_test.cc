#include <doctest/doctest.h>

#include "admin/test_view.h"

namespace weir::admin {

using Rows = std::vector<std::string>;

namespace {

// Two pools of one database on two workers, 100 seconds after the start.
TestPooler busy_pooler() {
  TestPooler pooler;
  auto& one = pooler.add_pool(0, "d", "u").counters;
  one.server_assignment_count = 400;
  one.xact_count = 300;
  one.query_count = 600;
  one.received = 100'000;
  one.sent = 200'000;
  one.xact_time = 4'000;
  one.query_time = 7'000;
  one.wait_time = 900;
  pooler.add_pool(1, "d", "v").counters = one;
  auto& two = pooler.workers[1].pools.back().counters;
  two.client_parse_count = 1'100;
  two.server_parse_count = 1'200;
  two.bind_count = 1'300;
  two.client_login_count = 1'400;
  pooler.console.query_count = 200;
  return pooler;
}

}  // namespace

TEST_CASE("SHOW STATS adds all pools of a database, and averages") {
  const Answer answer = busy_pooler().ask("show stats");
  CHECK(answer.columns ==
        "database:25 total_server_assignment_count:1700 total_xact_count:1700 "
        "total_query_count:1700 total_received:1700 total_sent:1700 total_xact_time:1700 "
        "total_query_time:1700 total_wait_time:1700 total_client_parse_count:1700 "
        "total_server_parse_count:1700 total_bind_count:1700 total_client_login_count:1700 "
        "avg_server_assignment_count:1700 avg_xact_count:1700 avg_query_count:1700 "
        "avg_recv:1700 avg_sent:1700 avg_xact_time:1700 avg_query_time:1700 avg_wait_time:1700 "
        "avg_client_parse_count:1700 avg_server_parse_count:1700 avg_bind_count:1700 "
        "avg_client_login_count:1700");
  CHECK(answer.rows ==
        Rows{"d|800|600|1200|200000|400000|8000|14000|1800|1100|1200|1300|1400"
             "|8|6|12|2000|4000|13|11|2|11|12|13|14",
             "pgbouncer|0|0|200|0|0|0|0|0|0|0|0|0|0|0|2|0|0|0|0|0|0|0|0|0"});
}

TEST_CASE("SHOW STATS_TOTALS and STATS_AVERAGES are its halves") {
  const TestPooler pooler = busy_pooler();
  Answer answer = pooler.ask("show stats_totals");
  CHECK(answer.columns ==
        "database:25 server_assignment_count:1700 xact_count:1700 query_count:1700 "
        "bytes_received:1700 bytes_sent:1700 xact_time:1700 query_time:1700 wait_time:1700 "
        "client_parse_count:1700 server_parse_count:1700 bind_count:1700 "
        "client_login_count:1700");
  CHECK(answer.rows.front() == "d|800|600|1200|200000|400000|8000|14000|1800|1100|1200|1300|1400");
  answer = pooler.ask("show stats_averages");
  CHECK(answer.columns ==
        "database:25 server_assignment_count:1700 xact_count:1700 query_count:1700 "
        "bytes_received:1700 bytes_sent:1700 xact_time:1700 query_time:1700 wait_time:1700 "
        "avg_client_parse_count:1700 avg_server_parse_count:1700 avg_bind_count:1700 "
        "avg_client_login_count:1700");
  CHECK(answer.rows.front() == "d|8|6|12|2000|4000|13|11|2|11|12|13|14");
}

TEST_CASE("SHOW TOTALS adds all databases, name by name") {
  const Answer answer = busy_pooler().ask("show totals");
  CHECK(answer.columns == "name:25 value:1700");
  CHECK(answer.rows ==
        Rows{"total_server_assignment_count|800", "total_xact_count|600", "total_query_count|1400",
             "total_client_bytes|200000", "total_server_bytes|400000", "total_xact_time|8000",
             "total_query_time|14000", "total_wait_time|1800", "total_ps_client_parse_count|1100",
             "total_ps_server_parse_count|1200", "total_ps_bind_count|1300",
             "total_client_login_count|1400", "avg_server_assignment_count|8", "avg_xact_count|6",
             "avg_query_count|14", "avg_client_bytes|2000", "avg_server_bytes|4000",
             "avg_xact_time|13", "avg_query_time|10", "avg_wait_time|2",
             "avg_ps_client_parse_count|11", "avg_ps_server_parse_count|12",
             "avg_ps_bind_count|13", "avg_client_login_count|14"});
}

}  // namespace weir::admin
