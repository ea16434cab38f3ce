#include "watch/reading.h"

#include <doctest/doctest.h>

using namespace weir::watch;
using namespace std::chrono_literals;

TEST_CASE("sums over pools and databases leave the console's own out") {
  const Rows pools{{{"database", "app"},
                    {"cl_active", "3"},
                    {"cl_waiting", "1"},
                    {"sv_active", "2"},
                    {"sv_idle", "4"},
                    {"sv_used", "1"},
                    {"maxwait", "0"},
                    {"maxwait_us", "250"}},
                   {{"database", "other"},
                    {"cl_active", "2"},
                    {"sv_active", "1"},
                    {"sv_login", "1"},
                    {"sv_being_canceled", "1"},
                    {"maxwait", "2"},
                    {"maxwait_us", "7"}},
                   {{"database", "pgbouncer"}, {"cl_active", "1"}, {"sv_active", "9"}}};
  const Rows totals{{{"database", "app"}, {"xact_count", "10"}, {"query_count", "20"}},
                    {{"database", "pgbouncer"}, {"xact_count", "1000"}}};
  const Reading reading = reading_of(pools, totals, {});
  CHECK(reading.clients_active == 5);
  CHECK(reading.clients_waiting == 1);
  CHECK(reading.longest_wait_us == 2'000'007);
  CHECK(reading.servers_busy == 3);
  CHECK(reading.servers_idle == 5);
  CHECK(reading.servers_other == 2);
  CHECK(reading.transactions == 10);
  CHECK(reading.queries == 20);
}

TEST_CASE("rates are of the time between two readings") {
  Reading before, now;
  now.at = before.at + 2s;
  before.transactions = 100;
  now.transactions = 300;
  now.queries = 400;
  now.query_us = 200'000;
  now.bytes_in = 3'000'000;
  now.bytes_out = 999;
  const Rates rates = rates_between(before, now);
  CHECK(rates.transactions == 100);
  CHECK(rates.queries == 200);
  CHECK(rates.query_us == 500);
  CHECK(rates.bytes_in == 1'500'000);
  CHECK(rates.bytes_out == 499.5);
}

TEST_CASE("no query, no mean") {
  Reading before, now;
  now.at = before.at + 2s;
  now.query_us = 10;
  CHECK(rates_between(before, now).query_us == 0);
}
