#include <doctest/doctest.h>

#include "admin/merge.h"
#include "admin/test_view.h"

namespace weir::admin {

using Rows = std::vector<std::string>;

TEST_CASE("SHOW POOLS has PgBouncer's columns, and the console's own row") {
  TestPooler pooler;
  pooler.add_client(0, "pgbouncer", "adm", "active");
  const Answer answer = pooler.ask("show pools");
  CHECK(answer.columns ==
        "database:25 user:25 cl_active:23 cl_waiting:23 cl_active_cancel_req:23 "
        "cl_waiting_cancel_req:23 sv_active:23 sv_active_cancel:23 sv_being_canceled:23 "
        "sv_idle:23 sv_used:23 sv_tested:23 sv_login:23 maxwait:23 maxwait_us:23 pool_mode:25 "
        "load_balance_hosts:25");
  CHECK(answer.rows ==
        Rows{"pgbouncer|pgbouncer|1|0|0|0|0|0|0|0|0|0|0|0|0|statement|NULL"});
}

TEST_CASE("a pool on several workers is one row: counts added, the longest wait") {
  TestPooler pooler;
  pooler.add_database("d").hosts = {"h1", "h2"};
  pooler.add_pool(0, "z", "u");
  auto& one = pooler.add_pool(0, "d", "u");
  one.mode = pool::Mode::Transaction;
  one.cl_active = 1;
  one.cl_waiting = 2;
  one.cl_active_cancel_req = 3;
  one.cl_waiting_cancel_req = 4;
  one.sv_active = 5;
  one.sv_active_cancel = 6;
  one.sv_being_canceled = 7;
  one.sv_idle = 8;
  one.sv_used = 9;
  one.sv_tested = 10;
  one.sv_login = 11;
  one.maxwait_us = 2'500'000;
  session::PoolRow other = one;
  other.maxwait_us = 3'000'007;
  pooler.workers[1].pools.push_back(other);
  pooler.add_pool(1, "d", "a");

  CHECK(pooler.ask("show pools").rows ==
        Rows{"d|a|0|0|0|0|0|0|0|0|0|0|0|0|0|session|round-robin",
             "d|u|2|4|6|8|10|12|14|16|18|20|22|3|7|transaction|round-robin",
             "pgbouncer|pgbouncer|0|0|0|0|0|0|0|0|0|0|0|0|0|statement|NULL",
             "z|u|0|0|0|0|0|0|0|0|0|0|0|0|0|session|NULL"});
}

TEST_CASE("merging keeps paused and adds the counters of all users of a database") {
  TestPooler pooler;
  pooler.add_pool(0, "d", "u").counters.xact_count = 1;
  auto& paused = pooler.add_pool(1, "d", "u");
  paused.paused = true;
  paused.counters.xact_count = 10;
  pooler.add_pool(1, "d", "v").counters.xact_count = 100;
  pooler.console.query_count = 5;

  const auto pools = merge_pools(pooler.workers);
  REQUIRE(pools.size() == 2);
  CHECK(pools[0].paused);
  CHECK(pools[0].counters.xact_count == 11);
  const DatabaseCounters counters = merge_counters(pooler.workers, pooler.console);
  REQUIRE(counters.size() == 2);
  CHECK(counters.at("d").xact_count == 111);
  CHECK(counters.at("pgbouncer").query_count == 5);
}

}  // namespace weir::admin
