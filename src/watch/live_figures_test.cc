#include "watch/live_figures.h"

#include <doctest/doctest.h>

using namespace weir::watch;
using namespace std::chrono_literals;

TEST_CASE("one line of what happened between two readings") {
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
