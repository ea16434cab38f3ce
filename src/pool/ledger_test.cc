#include "pool/ledger.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace weir::pool;

TEST_CASE("the same names are the same account") {
  Ledger ledger(2);
  CHECK(&ledger.pool("a", "b") == &ledger.pool("a", "b"));
  CHECK(&ledger.pool("a", "b") != &ledger.pool("b", "a"));
  CHECK(&ledger.pool("a", "b").database == &ledger.database("a"));
  CHECK(&ledger.pool("a", "c").database == &ledger.pool("a", "b").database);
}

TEST_CASE("a refused connection leaves no trace") {
  Ledger ledger(1);
  PoolAccount& first = ledger.pool("db", "u1");
  PoolAccount& second = ledger.pool("db", "u2");
  using enum Ledger::Taken;
  CHECK(Ledger::take_server(first, 2, 3, 0) == Yes);
  CHECK(Ledger::take_server(first, 2, 3, 0) == Yes);
  CHECK(Ledger::take_server(first, 2, 3, 0) == PoolFull);
  CHECK(Ledger::take_server(second, 2, 3, 0) == Yes);
  CHECK(Ledger::take_server(second, 2, 3, 0) == DatabaseFull);
  CHECK(second.servers.value() == 1);
  Ledger::give_server(first);
  CHECK(Ledger::take_server(second, 2, 3, 1) == UserFull);
  CHECK(first.database.servers.value() == 2);
  CHECK(second.servers.value() == 1);
  CHECK(Ledger::take_server(second, 0, 0, 0) == PoolFull);  // a pool of size 0 opens nothing
}

TEST_CASE("limits hold while threads race") {
  Ledger ledger(4);
  constexpr int kLimit = 7;
  std::atomic<int> open{0}, worst{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&ledger, &open, &worst, t] {
      PoolAccount& pool = ledger.pool("db", t % 2 == 0 ? "even" : "odd");
      for (int i = 0; i < 20000; ++i) {
        if (Ledger::take_server(pool, 5, kLimit, 0) != Ledger::Taken::Yes) continue;
        const int now = ++open;
        for (int seen = worst; now > seen && !worst.compare_exchange_weak(seen, now);) continue;
        --open;
        Ledger::give_server(pool);
      }
    });
  threads.clear();
  CHECK(worst <= kLimit);
  CHECK(ledger.database("db").servers.value() == 0);
}
