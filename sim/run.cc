#include "run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace weir::sim {

namespace {

constexpr Duration kBadTimes = std::chrono::seconds(5);
// Longer than every deadline of the configuration: who is not done by then waits for ever.
constexpr Duration kPatience = std::chrono::seconds(400);

}  // namespace

Run::Run(std::uint64_t seed, bool verbose)
    : world_(seed, verbose), plan_(world_.random),
      cluster_(world_, plan_.weather, plan_.trouble), ledger_(plan_.workers),
      site_{.world = world_, .cluster = cluster_, .ledger = ledger_, .config = plan_.config(),
            .workers = {}, .travelling = {}, .read_size_max = plan_.read_size_max} {
  for (unsigned i = 0; i < plan_.workers; ++i)
    site_.workers.push_back(std::make_unique<Worker>(site_, i));
}

Run::~Run() = default;

bool Run::go() {
  for (unsigned i = 0; i < plan_.workers; ++i) tick(i);
  for (int i = 0; i < plan_.clients; ++i) add_client();
  if (plan_.faults) cluster_.kill_some();
  if (plan_.commands) commands();
  const Instant start = world_.now();
  while (!world_.failed() && world_.step()) {
    check();
    if (!calm_ && (started_ >= plan_.sessions || world_.now() - start > kBadTimes)) {
      calm_ = true;
      cluster_.recover();
      if (plan_.commands) reload();
      to_all(session::Letter::Kind::Resume, "");
      for (int i = 0; i < plan_.databases; ++i)
        to_all(session::Letter::Kind::Resume, fmt::format("db{}", i));
    }
    if (everybody_is_done()) {
      if (started_ >= plan_.sessions) break;
      add_client();
    }
    if (world_.now() - start < kPatience) continue;
    for (const auto& client : clients_)
      if (!client->done()) world_.fail("waits for ever: " + client->shown());
  }
  if (!world_.failed()) check_rest();
  return !world_.failed();
}

void Run::add_client() {
  Prng& random = world_.random;
  Manners manners;
  manners.tag = fmt::format("c{}", started_++);
  manners.database = fmt::format("db{}", random.between(0, plan_.databases - 1));
  manners.user = fmt::format("user{}", random.between(0, plan_.users - 1));
  manners.steps = random.between(1, plan_.steps);
  manners.may_be_lost = plan_.faults;
  manners.asks_ssl = random.percent(20);
  manners.think_us_max = random.percent(90) ? 500 : 30000;
  if (plan_.rules.settings && random.percent(30)) {
    manners.startup.emplace_back("application_name", "app" + std::to_string(random.between(1, 2)));
    if (random.percent(30)) manners.startup.emplace_back("work_mem", "8MB");
  }
  manners.base = plan_.base();
  if (random.percent(plan_.slow_reader_percent)) {
    manners.read_most = random.between(1, 2000);
    manners.read_pause_us = random.between(1, 1000);
  }
  auto client = std::make_shared<Client>(world_, plan_.rules, manners, [this] { return dial(); });
  clients_.push_back(client);
  world_.after(Duration{random.between(0, 3000)}, [client] { client->start(); });
}

std::shared_ptr<Cable> Run::dial() {
  auto cable = std::make_shared<Cable>(world_, plan_.weather);
  Worker& worker = *site_.workers[world_.random.below(site_.workers.size())];
  world_.after(Duration{world_.random.between(1, plan_.weather.delay_us_max)},
               [&worker, cable] { worker.accept(cable); });
  return cable;
}

void Run::tick(unsigned worker) {
  world_.after(std::chrono::milliseconds(plan_.tick_ms), [this, worker] {
    site_.workers[worker]->tick();
    tick(worker);
  });
}

void Run::to_all(session::Letter::Kind kind, const std::string& database) {
  for (const auto& worker : site_.workers)
    worker->mail({.kind = kind, .from = plan_.workers, .database = database});
}

void Run::commands() {
  world_.after(std::chrono::milliseconds(world_.random.between(1, 300)), [this] {
    if (calm_) return;
    command();
    commands();
  });
}

void Run::command() {
  using Kind = session::Letter::Kind;
  const std::string database = world_.random.percent(50) ? "" : "db0";
  switch (world_.random.between(0, 4)) {
    case 0: to_all(Kind::Pause, database); break;
    case 1: to_all(Kind::Resume, database); break;
    case 2: to_all(Kind::Reconnect, database); break;
    case 3:
      if (world_.random.percent(20)) to_all(Kind::Kill, "db0");
      break;
    default: reload(); break;
  }
}

// The pool gets larger or smaller. The second database comes and goes, except that it is there in
// the end.
void Run::reload() {
  const int before = plan_.pool_size + plan_.reserve_pool_size;
  plan_.pool_size = std::max(1, plan_.pool_size + world_.random.between(-2, 2));
  for (int d = 0; d < plan_.databases; ++d)
    for (int u = 0; u < plan_.users; ++u)
      shrinking_.try_emplace({fmt::format("db{}", d), fmt::format("user{}", u)}, before);
  const auto config = plan_.config();
  if (!calm_ && world_.random.percent(30)) config->databases.erase("db1");
  site_.config = config;
  for (const auto& worker : site_.workers) worker->configure(site_.config);
}

bool Run::everybody_is_done() const {
  return std::ranges::all_of(clients_, [](const auto& client) { return client->done(); });
}

void Run::check() {
  for (const auto& worker : site_.workers) worker->engine().check_invariants();
  if (world_.steps() % 16 == 0) check_counts();
}

// The ledger counts what exists, and nothing exceeds its limit.
void Run::check_counts() {
  std::map<std::pair<std::string, std::string>, int> real = site_.travelling;
  for (const auto& worker : site_.workers) {
    const session::Snapshot shot = worker->engine().snapshot(world_.now());
    if (shot.servers.size() != worker->server_sockets())
      world_.fail(fmt::format("{} servers with {} sockets", shot.servers.size(),
                              worker->server_sockets()));
    for (const auto& row : shot.servers)
      if (row.state != "active_cancel") ++real[{row.database, row.user}];
  }
  std::map<std::string, int> by_database, by_user;
  for (const auto& [names, count] : real) {
    by_database[names.first] += count;
    by_user[names.second] += count;
    const int counted = ledger_.pool(names.first, names.second).servers.value();
    if (counted != count)
      world_.fail(fmt::format("{} connections of {}/{}, and the ledger counts {}", count,
                              names.first, names.second, counted));
    const int limit = plan_.pool_size + plan_.reserve_pool_size;
    const auto larger = shrinking_.find(names);
    if (count > (larger == shrinking_.end() ? limit : std::max(limit, larger->second)))
      world_.fail(fmt::format("{} connections of a pool of {}", count, limit));
    if (larger == shrinking_.end()) continue;
    larger->second = count;
    if (count <= limit) shrinking_.erase(larger);
  }
  const auto within = [this](const auto& counts, int limit, std::string_view what) {
    for (const auto& [name, count] : counts)
      if (limit > 0 && count > limit)
        world_.fail(fmt::format("{} connections of {} {}, limit {}", count, what, name, limit));
  };
  within(by_database, plan_.max_db_connections, "database");
  within(by_user, plan_.max_user_connections, "user");
}

// With all clients gone, every server comes to rest.
void Run::check_rest() {
  const Instant until = world_.now() + std::chrono::seconds(15);
  while (!world_.failed() && world_.now() < until && world_.step()) check();
  if (world_.failed()) return;
  check_counts();
  for (const auto& worker : site_.workers) {
    const session::Snapshot shot = worker->engine().snapshot(world_.now());
    for (const auto& row : shot.servers)
      if (row.state != "idle" && row.state != "used" && row.state != "new")
        world_.fail("without clients a server stays " + row.state);
    for (const auto& row : shot.clients)
      world_.fail("client " + std::to_string(row.id) + " is still there: " + row.state);
  }
}

}  // namespace weir::sim
