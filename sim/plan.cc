#include "plan.h"

#include <fmt/format.h>

#include <array>

#include "client.h"

namespace weir::sim {

Plan::Plan(Prng& random) {
  const auto percent = [&random](int p) { return random.percent(p); };
  const int dice = random.between(0, 9);
  mode = dice < 7 ? config::PoolMode::Transaction
                  : dice < 9 ? config::PoolMode::Session : config::PoolMode::Statement;
  workers = percent(50) ? 1 : static_cast<unsigned>(random.between(2, 4));
  clients = percent(70) ? random.between(1, 8) : random.between(1, 40);
  if (percent(2)) clients = random.between(40, 200);
  if (random.below(500) == 0) clients = random.between(200, 2000);
  steps = clients > 200 ? 2 : clients > 40 ? 4 : random.between(3, 20);
  sessions = clients > 200 ? clients : clients + random.between(0, clients);
  databases = percent(75) ? 1 : 2;
  users = percent(75) ? 1 : 2;
  pool_size = percent(60) ? random.between(1, 3) : random.between(1, 20);
  min_pool_size = percent(80) ? 0 : random.between(1, pool_size);
  reserve_pool_size = percent(80) ? 0 : random.between(1, 5);
  max_db_connections = percent(80) ? 0 : random.between(1, pool_size + 2);
  max_user_connections = percent(80) ? 0 : random.between(1, pool_size + 2);
  max_prepared_statements = std::array{0, 1, 2, 200}[random.below(4)];
  round_robin = percent(20);
  check_always = percent(10);
  if (percent(10)) server_lifetime = std::chrono::milliseconds(random.between(0, 200));
  if (percent(10)) server_idle_timeout = std::chrono::milliseconds(random.between(1, 200));
  tick_ms = random.between(5, 100);

  weather.delay_us_max = percent(70) ? 300 : random.between(1, 20000);
  weather.cut_percent = percent(30) ? 0 : random.between(1, 100);
  weather.byte_by_byte = percent(10);
  weather.window = percent(70) ? 64 * 1024 : static_cast<std::size_t>(random.between(32, 5000));
  if (weather.window < 1000) weather.delay_us_max = 300;  // else nobody gets anywhere
  read_size_max = percent(50) ? 16 * 1024 : random.between(1, 300);
  slow_reader_percent = percent(70) ? 0 : 20;

  rules.blocks = mode != config::PoolMode::Statement;
  rules.named_statements = mode == config::PoolMode::Session || max_prepared_statements > 0;
  rules.settings = percent(70);
  rules.cancels = percent(50);
  rules.pipeline_max = percent(50) ? 1 : 6;
  rules.vanish_percent = percent(50) ? 0 : 30;
  rules.garbage_percent = percent(70) ? 0 : 20;
  rules.locks = percent(20);
  rules.roles = rules.settings && percent(20);

  if (workers > 1 && percent(30)) letter_delay_us_max = random.between(1, 20'000);
  if (workers > 1 && percent(30)) full_mailbox_percent = random.between(1, 50);
  if (rules.cancels && percent(30)) peers = random.between(1, 2);
  if (percent(15)) replicating_percent = random.between(5, 50);
  takeover = peers == 0 && percent(25);
  if (takeover) successor_workers = static_cast<unsigned>(random.between(1, 4));

  using enum auth::AuthType;
  auth_type = random.pick(std::array{Trust, Trust, Plain, Md5, ScramSha256, Pam});
  connect_query = percent(20);
  auth_query = percent(25);
  if (percent(70)) auth_query_cache_ttl = std::chrono::milliseconds(random.between(1, 500));

  trouble.cancel_delay_ms = random.between(1, 50);
  faults = percent(30);
  if (!faults) return;
  trouble.refuse = percent(50) ? 0 : random.between(1, 60);
  trouble.hang = percent(70) ? 0 : random.between(1, 20);
  trouble.starting = percent(70) ? 0 : random.between(1, 60);
  trouble.kill_ms = percent(30) ? 0 : random.between(1, 200);
  if (percent(30)) query_timeout = std::chrono::milliseconds(random.between(5, 100));
  commands = percent(40);
}

std::shared_ptr<config::Config> Plan::config(int number) const {
  auto out = std::make_shared<config::Config>();
  config::Settings& s = out->settings;
  s.pool_mode = mode;
  s.auth_type = auth_type;
  s.scram_iterations = 1;
  s.max_client_conn = 10000;
  s.default_pool_size = pool_size;
  s.min_pool_size = min_pool_size;
  s.reserve_pool_size = reserve_pool_size;
  s.reserve_pool_timeout = std::chrono::milliseconds(20);
  s.max_db_connections = max_db_connections;
  s.max_user_connections = max_user_connections;
  s.max_prepared_statements = max_prepared_statements;
  s.server_round_robin = round_robin;
  s.server_check_delay = check_always ? Duration{} : Duration{std::chrono::seconds(30)};
  s.server_lifetime = server_lifetime;
  s.server_idle_timeout = server_idle_timeout;
  s.server_connect_timeout = std::chrono::seconds(1);
  s.query_timeout = query_timeout;
  s.query_wait_notify = {};
  s.client_login_timeout = std::chrono::seconds(150);
  s.query_wait_timeout = std::chrono::seconds(150);
  if (peers > 0) s.peer_id = number + 1;
  for (int i = 0; i <= peers && peers > 0; ++i)
    out->peers.emplace(i + 1, config::Peer{.id = i + 1, .hosts = {fmt::format("peer{}", i)},
                                           .pool_size = 1});
  const auth::Secret secret{.kind = auth::SecretKind::Plain, .text = kPassword, .scram = {}};
  if (auth_query) {
    s.auth_user = "asker";
    s.auth_query = kAuthQuery;
    out->weir.auth_query_cache_ttl = auth_query_cache_ttl;
    out->auth_users.set(s.auth_user, secret);
  }
  for (int i = 0; i < users && !auth_query; ++i)
    out->auth_users.set(fmt::format("user{}", i), secret);
  for (int i = 0; i < databases; ++i) {
    const std::string name = fmt::format("db{}", i);
    config::Database database;
    database.name = database.dbname = name;
    database.hosts = {"10.0.0.3"};
    if (connect_query)
      database.connect_query = "SET lock_timeout TO 77; SET timezone TO 'Europe/Rome'";
    out->databases.emplace(name, std::move(database));
  }
  return out;
}

wire::Parameters Plan::base() const {
  if (!connect_query) return {};
  return {{"lock_timeout", "77"}, {"timezone", "Europe/Rome"}};
}

std::string Plan::text() const {
  return fmt::format(
      "mode={} workers={} clients={} sessions={} steps={} databases={} users={} pool_size={} "
      "min={} reserve={} max_db={} max_user={} prepared={} check_always={} lifetime_ms={} "
      "idle_ms={} faults={} commands={} kill_ms={} refuse={} hang={} starting={} window={} "
      "read_size={} pipeline={} settings={} cancels={} vanish={} garbage={} locks={} "
      "auth_type={} connect_query={} auth_query={} auth_ttl_ms={} letters_us={} full={} peers={} "
      "takeover={} successor_workers={} replicating={} tick_ms={} roles={}",
      static_cast<int>(mode), workers, clients, sessions, steps, databases, users, pool_size,
      min_pool_size, reserve_pool_size, max_db_connections, max_user_connections,
      max_prepared_statements, check_always, server_lifetime.count() / 1000,
      server_idle_timeout.count() / 1000, faults, commands, trouble.kill_ms, trouble.refuse,
      trouble.hang, trouble.starting, weather.window, read_size_max, rules.pipeline_max,
      rules.settings, rules.cancels, rules.vanish_percent, rules.garbage_percent, rules.locks,
      static_cast<int>(auth_type), connect_query, auth_query, auth_query_cache_ttl.count() / 1000,
      letter_delay_us_max, full_mailbox_percent, peers, takeover, successor_workers,
      replicating_percent, tick_ms, rules.roles);
}

}  // namespace weir::sim
