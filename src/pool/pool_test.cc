#include "pool/pool.h"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

using namespace weir;
using namespace weir::pool;
using namespace std::chrono_literals;

namespace {

// A pool with a few clients and servers, and helpers that move them as a session does.
struct Bench {
  explicit Bench(Limits limits, unsigned workers = 1, unsigned worker = 0)
      : ledger(std::make_shared<Ledger>(workers)), pool(*ledger, ledger->pool("db", "u"), worker) {
    pool.configure(limits);
  }
  Bench(Limits limits, std::shared_ptr<Ledger> shared, unsigned worker)
      : ledger(std::move(shared)), pool(*ledger, ledger->pool("db", "u"), worker) {
    pool.configure(limits);
  }
  ~Bench() {
    for (auto& c : clients)
      if (c->state != ClientState::Gone) pool.move(*c, ClientState::Gone, now);
    for (auto& s : servers)
      if (s->state != ServerState::Gone) pool.move(*s, ServerState::Gone, now);
  }

  ClientSlot& waiting_client() {
    clients.push_back(std::make_unique<ClientSlot>(
        ClientId{static_cast<std::uint32_t>(clients.size()), 0}));
    pool.move(*clients.back(), ClientState::Login, now);
    pool.move(*clients.back(), ClientState::Waiting, now);
    return *clients.back();
  }
  ServerSlot& server(ServerState state) {
    servers.push_back(std::make_unique<ServerSlot>(
        ServerId{static_cast<std::uint32_t>(servers.size()), 0}));
    pool.move(*servers.back(), ServerState::Login, now);
    if (state != ServerState::Login) pool.move(*servers.back(), ServerState::Idle, now);
    if (state == ServerState::Active) pool.move(*servers.back(), state, now);
    return *servers.back();
  }
  // Opens as many as the pool wants.
  int open() {
    int opened = 0;
    while (pool.try_open(now) == Pool::Opening::Open) {
      server(ServerState::Login);
      ++opened;
    }
    return opened;
  }

  Instant now{1h};
  std::shared_ptr<Ledger> ledger;
  std::vector<std::unique_ptr<ClientSlot>> clients;
  std::vector<std::unique_ptr<ServerSlot>> servers;
  Pool pool;
};

}  // namespace

TEST_CASE("as many connections open at once as clients wait, up to the size") {
  Bench b({.pool_size = 5});
  CHECK(b.open() == 0);
  for (int i = 0; i < 3; ++i) b.waiting_client();
  CHECK(b.open() == 3);
  for (int i = 0; i < 10; ++i) b.waiting_client();
  CHECK(b.open() == 2);
  CHECK(b.pool.account().servers.value() == 5);
  b.pool.check_invariants();
}

TEST_CASE("the reserve opens only for who has waited long") {
  Bench b({.pool_size = 1, .reserve_pool_size = 1, .reserve_pool_timeout = 5s});
  b.waiting_client();
  b.waiting_client();
  CHECK(b.open() == 1);
  b.pool.move(*b.servers[0], ServerState::Idle, b.now);
  b.pool.move(*b.servers[0], ServerState::Active, b.now);
  CHECK(b.pool.try_open(b.now + 4s) == Pool::Opening::No);
  CHECK(b.pool.try_open(b.now + 5s) == Pool::Opening::OpenReserve);
  b.server(ServerState::Login);
  CHECK(b.pool.try_open(b.now + 6s) == Pool::Opening::No);
}

TEST_CASE("waiters are served first come, first served, and nobody jumps the queue") {
  Bench b({.pool_size = 2});
  ClientSlot& first = b.waiting_client();
  b.waiting_client();
  b.server(ServerState::Idle);
  CHECK(b.pool.available() == nullptr);  // somebody waits already
  CHECK(b.pool.next_for_free_server().client == &first);
}

TEST_CASE("the server used last is the first to be used again, or the last") {
  for (const bool round_robin : {false, true}) {
    Bench b({.pool_size = 3, .round_robin = round_robin});
    ServerSlot& a = b.server(ServerState::Idle);
    ServerSlot& z = b.server(ServerState::Idle);
    CHECK(b.pool.available() == (round_robin ? &a : &z));
  }
}

TEST_CASE("a paused pool gives nothing and opens nothing") {
  Bench b({.pool_size = 3});
  b.server(ServerState::Idle);
  b.waiting_client();
  b.pool.paused = true;
  CHECK(b.pool.available() == nullptr);
  CHECK(b.pool.next_for_free_server().client == nullptr);
  CHECK(b.open() == 0);
}

TEST_CASE("min_pool_size is kept only while somebody is there") {
  Bench b({.pool_size = 10, .min_pool_size = 4});
  CHECK(b.open() == 0);
  ClientSlot& c = b.waiting_client();
  b.pool.move(c, ClientState::Idle, b.now);
  CHECK(b.open() == 4);
}

TEST_CASE("a failing pool is probed, one at a time and ever more slowly") {
  Bench b({.pool_size = 5});
  for (int i = 0; i < 5; ++i) b.waiting_client();
  Duration waited{};
  for (int attempt = 0; attempt < 10; ++attempt) {
    b.pool.connect_failed("connect failed", "08006", b.now);
    CHECK(b.pool.try_open(b.now) == Pool::Opening::No);
    Duration wait = 0ms;
    while (b.pool.try_open(b.now + wait) == Pool::Opening::No) wait += 1ms;
    b.pool.give_back();
    CHECK(wait >= waited);
    CHECK(wait <= 1s);
    waited = wait;
    b.now += wait;
  }
  b.pool.connect_succeeded();
  CHECK(b.open() == 5);
}

TEST_CASE("a free server goes to the worker whose client has waited longest") {
  auto ledger = std::make_shared<Ledger>(2);
  Bench here({.pool_size = 5}, ledger, 0);
  Bench there({.pool_size = 5}, ledger, 1);
  there.waiting_client();
  CHECK(here.pool.next_for_free_server().worker == 1u);
  here.now += 500us;  // within the preference for one's own
  ClientSlot& mine = here.waiting_client();
  CHECK(here.pool.next_for_free_server().client == &mine);
  here.pool.move(mine, ClientState::Idle, here.now);
  here.now += 10ms;
  here.waiting_client();
  CHECK(here.pool.next_for_free_server().worker == 1u);
  // With one on its way there is nobody else over there to serve.
  here.pool.account().desks[1].incoming = 1;
  CHECK(!here.pool.next_for_free_server().worker.has_value());
}

TEST_CASE("waiters get new connections where cleaning up a server takes long") {
  Bench bench({.pool_size = 2, .max_db_connections = 0, .max_user_connections = 0});
  REQUIRE(bench.pool.try_open(bench.now) == Pool::Opening::No);
  bench.waiting_client();
  REQUIRE(bench.open() == 1);
  ServerSlot& server = *bench.servers.front();
  bench.pool.move(server, ServerState::Idle, bench.now);
  bench.pool.move(server, ServerState::Tested, bench.now);
  CHECK(bench.open() == 0);
  bench.now += 1s;
  CHECK(bench.open() == 1);
}
