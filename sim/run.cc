#include "run.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::sim {

namespace {

constexpr Duration kBadTimes = std::chrono::seconds(5);
// Longer than every deadline of the configuration: who is not done by then waits for ever.
constexpr Duration kPatience = std::chrono::seconds(400);

}  // namespace

Run::Run(std::uint64_t seed, bool verbose)
    : world_(seed, verbose), plan_(world_.random),
      cluster_(world_, plan_.weather, plan_.trouble) {
  for (int i = 0; i <= plan_.peers; ++i) add_process(i, plan_.workers, 0);
}

Run::~Run() = default;

Process& Run::add_process(int number, unsigned workers, unsigned generation) {
  processes_.push_back(std::make_unique<Process>(Process::Setup{
      .world = world_, .cluster = cluster_, .plan = plan_, .config = plan_.config(number),
      .workers = workers, .generation = generation,
      .dial_peer = [this](const std::string& host) {
        return dial(*processes_[static_cast<std::size_t>(host.back() - '0')]);
      }}));
  return *processes_.back();
}

bool Run::go() {
  for (int i = 0; i < plan_.clients; ++i) add_client();
  if (plan_.faults) cluster_.kill_some();
  if (plan_.commands) commands();
  if (plan_.takeover)
    world_.after(std::chrono::microseconds(world_.random.between(0, 100'000)),
                 [this] { take_over(); });
  const Instant start = world_.now();
  while (!world_.failed() && world_.step()) {
    check();
    if (!calm_ && (started_ >= plan_.sessions || world_.now() - start > kBadTimes)) calm_down();
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

void Run::calm_down() {
  calm_ = true;
  cluster_.recover();
  if (plan_.commands) reload();
  to_all(session::Letter::Kind::Resume, "");
  for (int i = 0; i < plan_.databases; ++i)
    to_all(session::Letter::Kind::Resume, fmt::format("db{}", i));
}

// Clients come to the new process from now on; those of the old one follow as they come to rest.
void Run::take_over() {
  Process& from = *processes_[serving_];
  Process& to = add_process(0, plan_.successor_workers, 1);
  serving_ = processes_.size() - 1;
  takeover_ = std::make_unique<Takeover>(world_, from.site(), to.site());
  takeover_->begin();
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
    if (plan_.rules.roles && random.percent(30)) manners.startup.emplace_back("role", "weak");
  }
  manners.replicates = random.percent(plan_.replicating_percent);
  if (!manners.replicates) manners.base = plan_.base();
  if (random.percent(plan_.slow_reader_percent)) {
    manners.read_most = random.between(1, 2000);
    manners.read_pause_us = random.between(1, 1000);
  }
  auto client = std::make_shared<Client>(world_, plan_.rules, manners, 
                                         [this](bool for_cancel) { return dial_in(for_cancel); });
  clients_.push_back(client);
  world_.after(Duration{random.between(0, 3000)}, [client] { client->start(); });
}

std::shared_ptr<Cable> Run::dial(Process& process) {
  auto cable = std::make_shared<Cable>(world_, plan_.weather);
  world_.after(Duration{world_.random.between(1, plan_.weather.delay_us_max)},
               [&process, cable] { process.accept(cable); });
  return cable;
}

std::shared_ptr<Cable> Run::dial_in(bool for_cancel) {
  return dial(for_cancel && plan_.peers > 0 ? *world_.random.pick(processes_)
                                            : *processes_[serving_]);
}

void Run::to_all(session::Letter::Kind kind, const std::string& database) {
  for (const auto& process : processes_) process->to_all(kind, database);
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
  const bool without = !calm_ && world_.random.percent(30);
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    const auto config = plan_.config(plan_.takeover ? 0 : static_cast<int>(i));
    if (without) config->databases.erase("db1");
    processes_[i]->configure(config, before);
  }
}

bool Run::everybody_is_done() const {
  return std::ranges::all_of(clients_, [](const auto& client) { return client->done(); });
}

void Run::check() {
  for (const auto& process : processes_) process->check();
}

// With all clients gone, every server comes to rest.
void Run::check_rest() {
  const Instant until = world_.now() + std::chrono::seconds(15);
  while (!world_.failed() && world_.now() < until && world_.step()) check();
  for (const auto& process : processes_)
    if (!world_.failed()) process->check_rest();
}

}  // namespace weir::sim
