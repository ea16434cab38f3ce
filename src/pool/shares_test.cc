#include "pool/shares.h"

#include <doctest/doctest.h>

using namespace weir::pool;

TEST_CASE("connections that go over are counted once in each ledger") {
  Ledger old_ledger(1), new_ledger(1);
  PoolAccount& here = old_ledger.pool("db", "user");
  PoolAccount& there = new_ledger.pool("db", "user");
  ToldShares told;
  HeardShares heard;
  CHECK(Ledger::take_server(here, 5, 0, 0) == Ledger::Taken::Yes);
  CHECK(Ledger::take_server(here, 5, 0, 0) == Ledger::Taken::Yes);
  heard.heard(there, told.change(here));
  CHECK(told.change(here) == 0);
  CHECK(heard.of(there) == 2);
  CHECK(there.servers.value() == 2);

  told.gone_over(here);
  heard.came_over(there);
  CHECK(told.change(here) == 0);
  CHECK(here.servers.value() == 1);
  CHECK(there.servers.value() == 2);
  CHECK(heard.of(there) == 1);

  // Opened by the one that leaves, and closed by the other one.
  CHECK(Ledger::take_server(here, 5, 0, 0) == Ledger::Taken::Yes);
  heard.heard(there, told.change(here));
  Ledger::give_server(there);
  CHECK(there.servers.value() == 2);

  heard.forget();
  CHECK(there.servers.value() == 0);
  CHECK(there.database.servers.value() == 0);
  CHECK(heard.of(there) == 0);
}
