#include "cli/live_figures.h"

#include <doctest/doctest.h>

using namespace weir::cli;
using namespace std::chrono_literals;

TEST_CASE("sums over pools and databases leave the console's own out") {
  const Rows pools{{{"database", "app"},
                    {"cl_active", "3"},
                    {"cl_waiting", "1"},
                    {"sv_active", "2"},
                    {"sv_idle", "4"},
                    {"sv_used", "1"}},
                   {{"database", "other"}, {"cl_active", "2"}, {"sv_active", "1"}},
                   {{"database", "pgbouncer"}, {"cl_active", "1"}, {"sv_active", "9"}}};
  const Rows stats{{{"database", "app"}, {"total_xact_count", "10"}, {"total_query_count", "20"}},
                   {{"database", "pgbouncer"}, {"total_xact_count", "1000"}}};
  const auto reading = reading_of(pools, stats);
  CHECK(reading.clients_active == 5);
  CHECK(reading.clients_waiting == 1);
  CHECK(reading.servers_busy == 3);
  CHECK(reading.servers_idle == 5);
  CHECK(reading.transactions == 10);
  CHECK(reading.queries == 20);
}

TEST_CASE("rates are of the time between two readings") {
  Reading before, now;
  now.at = before.at + 2s;
  now.clients_active = 7;
  before.transactions = 100;
  now.transactions = 300;
  now.queries = 400;
  now.query_us = 200'000;
  now.bytes_in = 3'000'000;
  now.bytes_out = 999;
  CHECK(describe(before, now) ==
        "clients 7 + 0 waiting | servers 0 busy, 0 idle | 100 tx/s, 200 queries/s of 0.50 ms | "
        "in 1.5 MB/s, out 500 B/s");
}

TEST_CASE("counters that began anew, and no time between readings, give no rate") {
  Reading before, now;
  before.transactions = 1000;
  now.transactions = 5;
  now.queries = 5;
  CHECK(describe(before, now).find("| 0 tx/s, 0 queries/s of 0.00 ms |") != std::string::npos);
}
