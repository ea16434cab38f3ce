#include "process.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::sim {

Process::Process(Setup setup)
    : world_(setup.world), plan_(setup.plan), ledger_(setup.workers),
      site_{.world = setup.world, .cluster = setup.cluster, .ledger = ledger_,
            .config = std::move(setup.config), .generation = setup.generation,
            .dial_peer = std::move(setup.dial_peer), .read_size_max = setup.plan.read_size_max,
            .letter_delay_us_max = setup.plan.letter_delay_us_max,
            .full_mailbox_percent = setup.plan.full_mailbox_percent} {
  for (unsigned i = 0; i < setup.workers; ++i)
    site_.workers.push_back(std::make_unique<Worker>(site_, i));
  for (unsigned i = 0; i < setup.workers; ++i) tick(i);
}

Process::~Process() = default;

void Process::accept(std::shared_ptr<Cable> cable) {
  site_.workers[world_.random.below(site_.workers.size())]->accept(std::move(cable));
}

void Process::tick(unsigned worker) {
  world_.after(std::chrono::milliseconds(plan_.tick_ms), [this, worker] {
    site_.workers[worker]->tick();
    tick(worker);
  });
}

void Process::to_all(session::Letter::Kind kind, const std::string& database) {
  for (const auto& worker : site_.workers)
    worker->mail({.kind = kind, .from = static_cast<unsigned>(site_.workers.size()),
                  .database = database});
}

void Process::configure(std::shared_ptr<const config::Config> config, int pool_limit_before) {
  ledger_.for_each_pool([&](const pool::PoolAccount& pool) {
    shrinking_.try_emplace({pool.database.name, pool.user.name}, pool_limit_before);
  });
  site_.config = std::move(config);
  for (const auto& worker : site_.workers) worker->configure(site_.config);
}

void Process::check() {
  for (const auto& worker : site_.workers) worker->engine().check_invariants();
  if (world_.steps() % 16 != 0) return;
  check_counts();
  check_liveness();
}

// The ledger counts what exists, here and as far as is known at a predecessor.
void Process::check_counts() {
  std::map<Names, int> real = site_.travelling;
  for (const auto& worker : site_.workers) {
    const session::Snapshot shot = worker->engine().snapshot(world_.now());
    if (shot.servers.size() != worker->server_sockets())
      world_.fail(fmt::format("{} servers with {} sockets", shot.servers.size(),
                              worker->server_sockets()));
    for (const auto& row : shot.servers)
      if (row.state != "active_cancel") ++real[{row.database, row.user}];
  }
  for (const auto& [names, count] : real) {
    pool::PoolAccount& account = ledger_.pool(names.first, names.second);
    const int counted = account.servers.value() - site_.elsewhere.of(account);
    if (counted != count)
      world_.fail(fmt::format("{} connections of {}/{}, and the ledger counts {}", count,
                              names.first, names.second, counted));
  }
  check_limits(real);
}

// What a predecessor opens while it leaves is known here a moment later only.
void Process::check_limits(const std::map<Names, int>& real) {
  std::map<std::string, int> by_database, by_user;
  for (const auto& [names, count] : real) {
    by_database[names.first] += count;
    by_user[names.second] += count;
    const int limit = plan_.pool_size + plan_.reserve_pool_size;
    if (site_.inherits && count > limit) shrinking_[names] = count;
    const auto larger = shrinking_.find(names);
    if (count > (larger == shrinking_.end() ? limit : std::max(limit, larger->second)))
      world_.fail(fmt::format("{} connections of a pool of {}", count, limit));
    if (larger == shrinking_.end()) continue;
    larger->second = count;
    if (count <= limit) shrinking_.erase(larger);
  }
  if (site_.inherits) return;
  const auto within = [this](const auto& counts, int limit, std::string_view what) {
    for (const auto& [name, count] : counts)
      if (limit > 0 && count > limit)
        world_.fail(fmt::format("{} connections of {} {}, limit {}", count, what, name, limit));
  };
  within(by_database, plan_.max_db_connections, "database");
  within(by_user, plan_.max_user_connections, "user");
}

// Nobody waits while a server that could be had is at rest, here or on another worker, for longer
// than it takes to ask for it.
void Process::check_liveness() {
  const Duration patience = std::chrono::milliseconds(3 * plan_.tick_ms + 5) +
                            Duration{8 * plan_.letter_delay_us_max};
  std::map<Names, Duration> waits;
  for (const auto& worker : site_.workers)
    for (const auto& pool : worker->engine().snapshot(world_.now()).pools) {
      Duration& longest = waits[{pool.database, pool.user}];
      if (!pool.paused) longest = std::max(longest, Duration{pool.maxwait_us});
    }
  for (const auto& worker : site_.workers) {
    const session::Snapshot shot = worker->engine().snapshot(world_.now());
    for (const auto& row : shot.servers) {
      const bool rests = row.state == "idle" && !row.close_needed &&
                         world_.now() - row.request > patience;
      if (rests && waits[{row.database, row.user}] > patience)
        world_.fail(fmt::format("a server of {}/{} rests for {} us, and somebody waits for {} us",
                                row.database, row.user, (world_.now() - row.request).count(),
                                waits[{row.database, row.user}].count()));
    }
  }
}

// Whoever came has left for one reason, and what was measured by pool was measured by application.
void Process::check_figures() {
  for (const auto& worker : site_.workers) {
    session::Snapshot shot = worker->engine().snapshot(world_.now());
    while (!worker->engine().add_timings(shot, 1)) {}
    std::uint64_t left = 0, queries = 0, transactions = 0;
    for (const std::uint64_t count : shot.tally.client_ends.all()) left += count;
    if (left != worker->clients_ever())
      world_.fail(fmt::format("{} clients came and {} left", worker->clients_ever(), left));
    for (const auto& [name, application] : shot.applications.all()) {
      queries += application.query.count();
      transactions += application.transaction.count();
    }
    for (const session::PoolRow& row : shot.pools) {  // those of pools that were dropped are lost
      const std::uint64_t own = row.timings.of(stats::Timing::Query).count();
      if (own != row.counters.query_count || own > queries)
        world_.fail(fmt::format("{} queries counted, {} measured, {} by application",
                                row.counters.query_count, own, queries));
      queries -= own;
      if (row.counters.xact_count > transactions)
        world_.fail("more transactions in pools than in applications");
      transactions -= row.counters.xact_count;
    }
  }
}

void Process::check_rest() {
  check_counts();
  check_figures();
  ledger_.for_each_pool([this](const pool::PoolAccount& pool) {
    if (pool.database.name.starts_with("peer-") && pool.servers.value() != 0)
      world_.fail("a connection to " + pool.database.name + " is still counted");
  });
  for (const auto& worker : site_.workers) {
    const session::Snapshot shot = worker->engine().snapshot(world_.now());
    for (const auto& row : shot.servers)
      if (row.replication != "none" || site_.successor != nullptr ||
          (row.state != "idle" && row.state != "used" && row.state != "new"))
        world_.fail("without clients a server stays " + row.state);
    for (const auto& row : shot.clients)
      world_.fail("client " + std::to_string(row.id) + " is still there: " + row.state);
  }
}

}  // namespace weir::sim
